import { SignJWT } from 'jose';

/**
 * A ticket for one video, as a back end hands it to its front end right after it has created the video at A2E: the
 * front end may watch this task and no other, until the ticket expires. `secret` is one of the gateway's
 * `AUTH_JWT_SECRET`, 32 bytes or more; it never leaves the back end.
 *
 * ```ts
 * const { _id } = await createVideo();
 * response.json({ taskId: _id, ticket: await mintTicket(_id, { secret }) });
 * ```
 */
export function mintTicket(
  taskId: string,
  {
    secret,
    expiresIn = '2h',
    issuer,
    audience,
  }: {
    readonly secret: string;
    /** As jose writes it. Long enough for the video: when it is over, the front end has to bring a fresh one. */
    readonly expiresIn?: string;
    /** The gateway's `AUTH_JWT_ISSUER`. */
    readonly issuer?: string | undefined;
    /** The gateway's `AUTH_JWT_AUDIENCE`. */
    readonly audience?: string | undefined;
  },
): Promise<string> {
  const ticket = new SignJWT({ tasks: [taskId] })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime(expiresIn);
  if (issuer !== undefined) ticket.setIssuer(issuer);
  if (audience !== undefined) ticket.setAudience(audience);
  return ticket.sign(new TextEncoder().encode(secret));
}

// npm run --silent ticket -- TASK_ID: prints a ticket, with the AUTH_JWT_… of the environment.
if (import.meta.main) {
  const taskId = process.argv[2];
  const { AUTH_JWT_SECRET = '', AUTH_JWT_ISSUER: issuer, AUTH_JWT_AUDIENCE: audience } = process.env;
  const secret = AUTH_JWT_SECRET.split(',')[0]?.trim() ?? '';
  if (!taskId || secret === '') {
    process.stderr.write('Usage: AUTH_JWT_SECRET=… npm run --silent ticket -- TASK_ID\n');
    process.exit(2);
  }
  process.stdout.write(`${await mintTicket(taskId, { secret, issuer, audience })}\n`);
}
