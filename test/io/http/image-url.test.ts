import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isImageUrl, objectKey, parseImageUrl, shownUrl } from "../../../src/io/http/image-url.ts";
import { versionIdentity } from "../../../src/io/http/object-version.ts";
import { siblingUrl } from "../../../src/io/http/sibling-url.ts";
import { caught } from "./caught.ts";

describe("the URL of an image", () => {
  test.each([
    "https://images.example/a.vhdx",
    "HTTPS://images.example:8443/a.vhdx",
    "http://127.0.0.1:8080/a.vhdx",
    "http://127.1/a.vhdx",
    "http://localhost/a.vhdx",
    "http://[::1]:80/a.vhdx",
    "  https://images.example/a.vhdx ",
  ])("may be %s", (text) => {
    expect(isImageUrl(text)).toBe(true);
    expect(parseImageUrl(text).hash).toBe("");
  });

  test.each([
    ["http://images.example/a.vhdx", "REMOTE_SCHEME"],
    ["http://localhost.example/a.vhdx", "REMOTE_SCHEME"],
    ["http://127.0.0.1.example/a.vhdx", "REMOTE_SCHEME"],
    ["http://10.0.0.1/a.vhdx", "REMOTE_SCHEME"],
    ["ftp://images.example/a.vhdx", "REMOTE_SCHEME"],
    ["https://me:hunter2@images.example/a.vhdx", "REMOTE_URL"],
    ["https://hunter2@images.example/a.vhdx", "REMOTE_URL"],
    ["https://", "REMOTE_URL"],
    ["https://me:hunter2@[/a.vhdx?hunter2", "REMOTE_URL"],
    ['"https://h.example/a.vhdx?sig=hunter2"', "REMOTE_URL"],
    ["\u00a0https://h.example/a.vhdx?sig=hunter2", "REMOTE_URL"],
    ["https://me:hun/hunter2@h.example/a.vhdx", "REMOTE_URL"],
    ["https://me:hunter2?@h.example/a.vhdx", "REMOTE_URL"],
    ["https://me:hunter2#@h.example/a.vhdx", "REMOTE_URL"],
  ])("may not be %s: %s, which shows no password", (text, code) => {
    const error = caught(() => parseImageUrl(text));
    expect(error).toMatchObject({ code });
    expect(JSON.stringify([error.message, error.where])).not.toContain("hunter2");
  });

  test.each(["image.vhdx", "./https://x", "C:\\images\\a.vhdx", "https:/x"])("is not %s, a path", (path) => {
    expect(isImageUrl(path)).toBe(false);
  });
});

const SIGNED =
  "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDSECRET&X-Amz-Expires=60&X-Amz-Signature=c0ffee";
const SAS = "sv=2022-11-02&st=2026-01-01&se=2026-01-02&sr=b&sp=r&sig=c0ffee%3D";

describe("a URL is shown", () => {
  test.each([
    ["https://h.example/a%20b.vhdx", "https://h.example/a%20b.vhdx"],
    ["https://h.example/a.vhdx#part", "https://h.example/a.vhdx"],
    ["https://me:pw@h.example/a.vhdx", "https://h.example/a.vhdx"],
    [`https://b.s3.example/a.vhdx?${SIGNED}`, "https://b.s3.example/a.vhdx"],
    [
      `https://b.s3.example/a.vhdx?versionId=3%2FL4kq&${SIGNED}`,
      "https://b.s3.example/a.vhdx?versionId=3%2FL4kq",
    ],
    [`https://acc.blob.example/c/a.vhdx?${SAS}`, "https://acc.blob.example/c/a.vhdx"],
    [
      `https://acc.blob.example/c/a.vhdx?snapshot=2026-01-01T00:00:00.0000000Z&${SAS}`,
      "https://acc.blob.example/c/a.vhdx?snapshot=2026-01-01T00%3A00%3A00.0000000Z",
    ],
  ])("without its secrets: %s", (text, shown) => {
    expect(shownUrl(text)).toBe(shown);
  });

  test("with something in the place of a query that says which object is meant", () => {
    const [first, second] = ["17", "18"].map((id) => shownUrl(`https://h.example/get?id=${id}&sig=c0ffee`));
    expect(first).toMatch(/^https:\/\/h\.example\/get\?~[0-9a-f]{8}$/);
    expect(first).not.toBe(second);
    expect(shownUrl("https://h.example/get?id=17&sig=decaf")).toBe(first);
  });

  test("the same where it is one that was shown", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        expect(shownUrl(shownUrl(url))).toBe(shownUrl(url));
      }),
    );
  });

  test("with no value of any parameter that does not name a version", () => {
    const secret = fc.stringMatching(/^[g-z]{12}$/);
    const name = fc
      .stringMatching(/^[a-z-]{1,20}$/)
      .filter((text) => !/versionid|snapshot|generation/.test(text));
    fc.assert(
      fc.property(secret, name, (value, key) => {
        expect(shownUrl(`https://h.example/a.vhdx?${key}=${value}#${value}`)).not.toContain(value);
      }),
    );
  });
});

test("an object is the same however its URL is signed", () => {
  const key = (query: string) => objectKey(new URL(`https://h.example/a.vhdx?${query}`));
  expect(key(`versionId=1&${SIGNED}`)).toBe(key("versionId=1&X-Amz-Signature=decaf"));
  expect(key("versionId=1")).not.toBe(key("versionId=2"));
  expect(key(SIGNED)).not.toContain("c0ffee");
});

describe("a file beside an image", () => {
  test.each([
    { image: "https://h.example/vm/leaf.avhdx", parts: ["base.vhdx"], url: "https://h.example/vm/base.vhdx" },
    {
      image: "https://h.example/leaf.avhdx",
      parts: ["a b", "50%?.vhdx"],
      url: "https://h.example/a%20b/50%25%3F.vhdx",
    },
    {
      image: "https://h.example/vm/leaf.avhdx",
      parts: ["https:", "evil"],
      url: "https://h.example/vm/https%3A/evil",
    },
    { image: `https://h.example/c/leaf?${SAS}`, parts: ["base"], url: `https://h.example/c/base?${SAS}` },
  ])("of $image is $url", ({ image, parts, url }) => {
    expect(siblingUrl(new URL(image), parts).href).toBe(url);
  });

  test("is in its folder or below, whatever its name is", () => {
    const image = new URL("https://h.example/vm/leaf.avhdx");
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: 1, maxLength: 4 }),
        (parts) => {
          fc.pre(parts.every((part) => !/^\.{1,2}$|\p{Surrogate}/u.test(part)));
          expect(siblingUrl(image, parts).href.startsWith("https://h.example/vm/")).toBe(true);
        },
      ),
    );
  });

  test.each([
    { image: "https://h.example/vm/leaf", parts: ["..", "base"] },
    { image: "https://h.example/vm/leaf", parts: ["."] },
    { image: "https://h.example/vm/leaf", parts: ["\ud800"] },
    { image: "https://h.example/vm/leaf", parts: [] },
    { image: "https://h.example/get?id=17", parts: ["base"] },
  ])("is refused for $parts from $image", ({ image, parts }) => {
    expect(caught(() => siblingUrl(new URL(image), parts))).toMatchObject({ code: "REMOTE_PARENT" });
  });
});

describe("what a cache knows an object by is", () => {
  const MODIFIED = "Sat, 02 May 2026 10:00:00 GMT";
  test.each([
    { what: "its strong ETag", etag: '"v1"', answered: undefined, identity: 'etag "v1" 7' },
    {
      what: "nothing where there is only a weak one",
      etag: 'W/"v1"',
      answered: undefined,
      identity: undefined,
    },
    {
      what: "the time of its last change, once that is a minute ago",
      etag: undefined,
      answered: "Sat, 02 May 2026 10:01:00 GMT",
      identity: `modified ${MODIFIED} 7`,
    },
    {
      what: "nothing as long as it may change again in the same second",
      etag: 'W/"v1"',
      answered: "Sat, 02 May 2026 10:00:59 GMT",
      identity: undefined,
    },
  ])("$what", ({ etag, answered, identity }) => {
    expect(versionIdentity({ etag, lastModified: MODIFIED, sizeBytes: 7 }, answered)).toBe(identity);
  });
});
