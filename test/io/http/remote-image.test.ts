import { beforeAll, describe, expect, test } from "vitest";
import { RemoteAccess } from "../../../src/io/http/index.ts";
import { auditBytes } from "../../audit/audits.ts";
import { layGpt, windowsVolume } from "../../lab/guest-image.ts";
import { vhdxOf } from "../../lab/vhdx.ts";
import { buildParserProgram, ParserThread } from "./parser-thread.ts";
import { serveRange, startServer } from "./range-server.ts";

let program: string;
beforeAll(async () => {
  program = await buildParserProgram();
});

describe("an image on a web server", () => {
  test("is audited like the same file on this host", async () => {
    const bytes = vhdxOf(layGpt([windowsVolume({ release: "ws2012r2" })])).toBytes();
    await using server = await startServer((request, response) => serveRange(request, response, { bytes }));
    const access = new RemoteAccess();
    const url = `${server.origin}/image.vhdx`;
    await using thread = new ParserThread(program, { url, port: access.connect(url) });
    const { image, reads } = await thread.audit();
    const local = auditBytes(bytes);
    expect(image.error).toBeNull();
    expect(image.guests).toEqual(JSON.parse(JSON.stringify(local.guests).replaceAll(local.path, url)));
    expect(server.requests).toHaveLength(reads);
    await access.close();
  });
});
