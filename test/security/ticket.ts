import { SignJWT } from 'jose';

/** The gateway's `AUTH_JWT_SECRET` in the scenario with tickets. */
export const TICKET_SECRET = 'a-secret-of-at-least-32-bytes-for-one-scenario';

/** A ticket for every task, of one caller. */
export function ticket(subject = 'attacker'): Promise<string> {
  return new SignJWT({ tasks: '*', sub: subject })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(TICKET_SECRET));
}
