/** Where A2E is, and the account that pays. Both stay in the back end. */
export interface A2eAccount {
  /** Origin, such as `https://video.a2e.ai`. */
  readonly url: string;
  readonly token: string;
}

/** What the user of the page chooses. */
export interface VideoOrder {
  readonly title: string;
  /** The URL of the audio that the avatar speaks. */
  readonly audioSrc: string;
}

/** An avatar of A2E's list (`/api/v1/anchor/character_list`), and its place in the picture, in pixels. */
const AVATAR = {
  anchor_id: '63de16f26c6193fa4ca7a486',
  anchor_type: 0,
  resolution: 1080,
  web_bg_width: 0,
  web_bg_height: 0,
  web_people_width: 0,
  web_people_height: 0,
  web_people_x: 0,
  web_people_y: 0,
};

/** Creates a video at A2E. Returns the id of its task; throws when A2E refuses. */
export async function createVideo(account: A2eAccount, { title, audioSrc }: VideoOrder): Promise<string> {
  const response = await fetch(new URL('/api/v1/video/generate', account.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${account.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...AVATAR, title, audioSrc }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = response.ok ? ((await response.json()) as { code?: unknown; data?: { _id?: unknown } }) : null;
  // A2E also reports errors with HTTP 200 and a `code` other than 0.
  const id = answer?.code === 0 ? answer.data?._id : undefined;
  if (typeof id !== 'string') throw new Error(`A2E created no video: HTTP ${response.status}`);
  return id;
}
