// What is asked beyond what the provider told: of somebody new, before they have an account, or of somebody who has one.
// Both get { kind, person, form, send }: whom the page shows meanwhile, what it asks, and what to do with the answers;
// send returns the user after it, and where to go, if anywhere.

import { answer, authorized, begin, call, Failure, refresh, sending } from "./session.js";
import { Form } from "./form.js";

// Where somebody new lands after the login. Scripts cannot read the cookie that says who it is; the server can.
export const registerPath = "/register";

// registration asks somebody new. Their name at the provider is a proposal.
export async function registration() {
  const { provider, oauth_id, profile, schema } = await asNewcomer();
  const { nickname, email, profile_image_url: picture_url } = profile;
  const form = new Form(schema, {}, { nickname });
  // The answers are sent with whom the page shows: in another tab somebody else may have logged in meanwhile.
  const send = async () => {
    const { return_to: returnTo, ...tokens } = await asNewcomer(sending("POST", { provider, oauth_id, ...form.answers() }));
    begin(tokens);
    return { user: tokens.user, returnTo };
  };
  return { kind: "register", person: { identities: [{ provider }], profile: { nickname, email, picture_url } }, form, send };
}

// asNewcomer calls the route of sign-up. A 401 there is not about a session, but about the login that came before.
async function asNewcomer(options) {
  try {
    return await answer(await call("/auth/register", options));
  } catch (error) {
    if (error.status !== 401) throw error;
    throw new Failure(401, { error: "registration_expired", request_id: error.requestId });
  }
}

// stillNew tells whether the cookie still says that somebody is to register.
export const stillNew = async () => (await call("/auth/register")).status !== 401;

// profile asks somebody who has an account for what is missing, or to change.
export async function profile() {
  const [person, { schema }] = await Promise.all([authorized("/me"), authorized("/me/form")]);
  const form = new Form(schema, answered(person, schema), person.profile_complete ? {} : { nickname: person.profile.nickname });
  const send = async () => {
    const user = await authorized("/me", sending("PATCH", form.changes()));
    form.keep();
    if (!user.profile_complete) throw new Failure(422, { error: "profile_incomplete", problems: form.missing() });
    await refresh({ anew: true }); // the access token at hand says what was true when it was made
    return { user };
  };
  return { kind: "profile", person, form, send };
}

// A consent to another version of the text is none to this one.
function answered({ fields, consents }, { properties }) {
  const valid = Object.entries(consents).filter(([name, { version }]) => properties[name]?.["x-consent"]?.version === version);
  return { ...fields, ...Object.fromEntries(valid.map(([name, { accepted }]) => [name, accepted])) };
}
