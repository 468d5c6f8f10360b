import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';

/** The row of the vendor's own sample. */
export const SAMPLE_ROW = {
  _id: '652630d6bae4de626f8b49ec',
  msg: '',
  result: 'https://d1tzkvq5ukphug.cloudfront.net/adam2eve/beta/result_video/0bf86e8c_matting.mp4',
  process: 100,
  status: 'success',
  anchor_type: '0',
  web_bg_width: 1919,
  web_bg_height: 1080,
  color: '',
  anchor_id: '63de16f26c6193fa4ca7a486',
  replace_bg_id: '629067e435e495933464f034',
  custom_backs_id: null,
  createdAt: '2023-10-11T05:21:26.855Z',
  diff_s: 6644,
  current_date: '2023-10-11 15:12:11',
};

/** An answer about task `id`, as text. */
export function answerFor(id: string, row: Record<string, unknown> = {}): string {
  return JSON.stringify({ code: 0, data: [{ ...SAMPLE_ROW, _id: id, ...row }] });
}

/** A server that runs until it is disposed of, which cuts its open connections. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  /** Connections accepted so far. */
  readonly connections: number;
}

/** Any `net.Server`-like on a free port of 127.0.0.1. */
export async function run(
  server: Server | ReturnType<typeof createTcpServer>,
  scheme = 'http',
): Promise<RunningServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${scheme}://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An HTTP server with this listener. */
export function serve(listener: RequestListener): Promise<RunningServer> {
  return run(createHttpServer(listener));
}

/** A server that answers the first data of each connection with `bytes`, then passes the socket to `then`. */
export function say(bytes: string, then: (socket: Socket) => void = () => {}): Promise<RunningServer> {
  return run(
    createTcpServer((socket) => {
      socket.once('data', () => socket.write(bytes, () => then(socket)));
    }),
  );
}
