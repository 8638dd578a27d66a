import { describe, expect, test } from "vitest";
import { headersFor, headersOfEnvironment, parseHeaderFile } from "../../../src/io/http/header-rules.ts";
import { caught } from "./caught.ts";

const FILE = `
# for all servers
X-Client: vmguest
Authorization: Bearer general

[https://one.example]
Authorization:Bearer of one: with a colon
[https://two.example:8443]
X-Key:
`;

const headersAt = (url: string) => headersFor(parseHeaderFile(FILE), new URL(url));

describe("a header file", () => {
  test.each([
    { url: "https://other.example/a", headers: { "x-client": "vmguest", authorization: "Bearer general" } },
    {
      url: "https://one.example/a",
      headers: { "x-client": "vmguest", authorization: "Bearer of one: with a colon" },
    },
    { url: "https://one.example:444/a", headers: { "x-client": "vmguest", authorization: "Bearer general" } },
    {
      url: "https://two.example:8443/a",
      headers: { "x-client": "vmguest", authorization: "Bearer general", "x-key": "" },
    },
    { url: "http://127.0.0.1:8080/a", headers: { "x-client": "vmguest", authorization: "Bearer general" } },
    { url: "http://other.example/a", headers: {} },
  ])("says what goes to $url", ({ url, headers }) => {
    expect(headersAt(url)).toEqual(headers);
  });

  test("may come from Windows", () => {
    expect(parseHeaderFile("A: 1\r\nB: 2\r\n")).toEqual([
      { origin: undefined, name: "a", value: "1" },
      { origin: undefined, name: "b", value: "2" },
    ]);
  });

  test.each([
    ["a line without a colon", "hunter2"],
    ["a name with a blank", "Authori zation: hunter2"],
    ["a line that goes on", "A: 1\n hunter2"],
    ["a carriage return in a value", "A: 1\rX: hunter2"],
    ["a zero in a value", "A: hunter2\0"],
    ["a character beyond Latin-1", "A: hunter2 \u20ac"],
    ["a header that the checks rest on", "Range: bytes=0-hunter2"],
    ["a condition", "If-None-Match: hunter2"],
    ["another host", "Host: hunter2"],
    ["a section of a path", "[https://h.example/hunter2]"],
    ["a section without encryption", "[http://h.example]"],
    ["a section with a password", "[https://me:hunter2@h.example]"],
    ["too many", "A: hunter2\n".repeat(1001)],
  ])("is refused for %s, without a word of what stands there", (_, text) => {
    const error = caught(() => parseHeaderFile(text));
    expect(error).toMatchObject({ code: "REMOTE_HEADERS" });
    expect(error.message).toMatch(/^line \d+: /);
    expect(error.message).not.toContain("hunter2");
  });
});

describe("the environment", () => {
  test("gives headers like a file, and the one that most need by itself", () => {
    const env = {
      VMGUEST_HTTP_HEADERS: "X-Key: 1\nAuthorization: no",
      VMGUEST_HTTP_AUTHORIZATION: "Bearer yes",
    };
    const headers = headersFor(headersOfEnvironment(env), new URL("https://h.example"));
    expect(headers).toEqual({ "x-key": "1", authorization: "Bearer yes" });
  });

  test("gives none where it has none", () => {
    expect(headersOfEnvironment({})).toEqual([]);
  });

  test.each([
    ["VMGUEST_HTTP_AUTHORIZATION", "Bearer x\r\nX-Evil: 1"],
    ["VMGUEST_HTTP_HEADERS", "Host: h.example"],
  ])("cannot smuggle in a header by %s, which the error names", (image, value) => {
    const error = caught(() => headersOfEnvironment({ [image]: value }));
    expect(error).toMatchObject({ code: "REMOTE_HEADERS", where: { image } });
  });
});
