// An OpenID provider for the test beside this file, which starts it with one
// argument, its settings as JSON: {port, redirectURI, clients}. Its signing keys
// are new with every start. It says its issuer when it is ready, and ends with
// its standard input.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const settings = JSON.parse(process.argv[2]);

const key = (kind, options, more) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...more,
});

const people = {
  kim: { email: 'kim@example.com', email_verified: true, name: '김대문', picture: 'https://img.example/kim.jpg' },
  bare: {},
};

const server = createServer();
server.listen(settings.port, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: settings.clients.map((c) => ({
      token_endpoint_auth_method: 'client_secret_post', redirect_uris: [settings.redirectURI],
      response_types: ['code'], grant_types: ['authorization_code'], ...c,
    })),
    jwks: { keys: [key('rsa', { modulusLength: 2048 }, { alg: 'RS256' }), key('ec', { namedCurve: 'P-256' }, { alg: 'ES256' })] },
    cookies: { keys: ['for-tests-only'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
    findAccount: (_, sub) => people[sub] && { accountId: sub, claims: () => ({ sub, ...people[sub] }) },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.on('end', () => process.exit()).resume();
