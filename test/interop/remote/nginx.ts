import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** An nginx of this host that serves a folder, for whoever runs the test. */
export interface Nginx extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly http: string;
  readonly https: string;
}

/** It would be up in a tenth of a second. */
const START_ATTEMPTS = 200;
const ATTEMPT_PAUSE_MS = 50;

/** `files` is what it serves; `own` is for its own files, with `certificate.pem` and `key.pem` in it already. */
export async function startNginx(files: string, own: string): Promise<Nginx> {
  const [plain, secure] = [await freePort(), await freePort()];
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  mkdirSync(join(own, "tmp"), { recursive: true });
  writeFileSync(
    join(own, "nginx.conf"),
    `
    daemon off;
    master_process off;
    pid nginx.pid;
    error_log stderr crit;
    events {}
    http {
      access_log off;
      gzip on;
      gzip_types *;
      default_type application/octet-stream;
      ${temporary.map((name) => `${name}_temp_path tmp;`).join(" ")}
      server {
        listen 127.0.0.1:${plain};
        listen 127.0.0.1:${secure} ssl;
        ssl_certificate certificate.pem;
        ssl_certificate_key key.pem;
        root "${files}";
        location /whole/ { alias "${files}/"; max_ranges 0; }
        location /moved/ { rewrite ^/moved/(.*)$ /$1 redirect; }
        location /private/ {
          if ($http_authorization != "Bearer hunter2") { return 401; }
          alias "${files}/";
        }
      }
    }
    `,
  );
  const nginx = spawn("/usr/sbin/nginx", ["-p", own, "-c", "nginx.conf", "-e", "stderr"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await once(nginx, "spawn");
  await listens(plain, nginx);
  return {
    http: `http://127.0.0.1:${plain}`,
    https: `https://127.0.0.1:${secure}`,
    [Symbol.asyncDispose]: async () => {
      const ended = once(nginx, "exit");
      nginx.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return address !== null && typeof address === "object" ? address.port : 0;
}

async function listens(port: number, nginx: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < START_ATTEMPTS && nginx.exitCode === null; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    await delay(ATTEMPT_PAUSE_MS);
  }
  throw new Error("nginx did not start");
}
