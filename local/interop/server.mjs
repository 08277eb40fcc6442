// An OpenID provider for the tests beside this file, which start it with a port, 0
// for any. It says its issuer when it has the port. Then it wants its clients as a
// line of JSON, says that it is ready, and answers. Its signing keys are new with
// every start. It ends with its standard input.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

const key = (kind, options, more) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...more,
});

const people = {
  kim: { email: 'kim@example.com', email_verified: true, name: '김대문', picture: 'https://img.example/kim.jpg' },
  bare: {},
};

const server = createServer();
server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const lines = createInterface({ input: process.stdin });
  lines.once('line', (clients) => {
    const provider = new Provider(issuer, {
      clients: JSON.parse(clients).map((c) => ({
        token_endpoint_auth_method: 'client_secret_post', response_types: ['code'], grant_types: ['authorization_code'], ...c,
      })),
      jwks: { keys: [key('rsa', { modulusLength: 2048 }, { alg: 'RS256' }), key('ec', { namedCurve: 'P-256' }, { alg: 'ES256' })] },
      cookies: { keys: ['for-tests-only'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
      findAccount: (_, sub) => people[sub] && { accountId: sub, claims: () => ({ sub, ...people[sub] }) },
    });
    server.on('request', provider.callback());
    console.log('ready');
  });
  lines.on('close', () => process.exit());
  console.log(issuer);
});
