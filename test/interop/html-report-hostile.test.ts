import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { filledReport, HOSTILE_TEXTS } from "../report/html-reports.ts";
import { libraryReport } from "../report/varied-reports.ts";
import { openPage, savePage, shownImages, useBrowser } from "./html-report/browser.ts";
import { GATE, search } from "./html-report/library.ts";

useBrowser();

describe("text from a hostile image", () => {
  const census = (page: Page) =>
    page.evaluate(() => {
      const { document } = globalThis as unknown as {
        document: {
          querySelectorAll: (
            selector: string,
          ) => Iterable<{ tagName: string; attributes: Iterable<{ name: string }> }>;
        };
      };
      return [...document.querySelectorAll("*")].map(({ tagName, attributes }) =>
        [tagName, ...[...attributes].map(({ name }) => name)].join(" "),
      );
    });

  test("runs nothing, loads nothing and makes no element, wherever it stands", async () => {
    const plain = await openPage(
      savePage("plain", filledReport(HOSTILE_TEXTS.map((_, index) => `plain ${index}`)), GATE),
    );
    const { page, incidents } = await openPage(savePage("hostile", filledReport(HOSTILE_TEXTS), GATE));
    expect(await census(page)).toEqual(await census(plain.page));
    await page.getByRole("button", { name: "Open all shown" }).click();
    expect(await page.locator(".more:not([hidden]) > td > details[open]").count()).toBe(
      3 * HOSTILE_TEXTS.length,
    );
    for (const column of ["IC version", "Image"]) {
      await page.getByRole("button", { name: column, exact: true }).click();
    }
    await search(page, "<script>");
    expect((await shownImages(page)).length).toBeGreaterThan(1);
    await page.locator("#guests > tbody:not([hidden])").first().hover();
    expect(await page.evaluate(() => Reflect.get(globalThis, "pwned"))).toBeUndefined();
    expect(incidents).toEqual([]);
  });

  test("is read as it was written, and what hides is seen", async () => {
    const { page } = await openPage(
      savePage("visible", filledReport(["\u202egnp.exe\u2066 <b>&amp;\u001b[31m"])),
    );
    const name = await page.locator("#guests > tbody").first().getByRole("button").textContent();
    expect(name).toBe("\\u202egnp.exe\\u2066 <b>&amp;\\x1b[31m");
  });

  test("would run nothing even if it got through: the page's policy forbids it", async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const url = savePage("pierced", libraryReport(1));
      const file = fileURLToPath(url);
      const injected = `<script>window.pwned = 1</script><img src="http://127.0.0.1:${port}/x" onerror="window.pwned = 2"><iframe src="http://127.0.0.1:${port}/y"></iframe><p id="painted" style="color: red">x</p>`;
      writeFileSync(file, readFileSync(file, "utf8").replace("<main>", `<main>${injected}`));
      const { page, incidents } = await openPage(url);
      expect(await page.evaluate(() => Reflect.get(globalThis, "pwned"))).toBeUndefined();
      const refusals = incidents.filter((incident) => incident.includes("Content Security Policy"));
      expect(refusals.length).toBeGreaterThan(3);
      expect(await page.locator("#shown").textContent()).toBe("All 1 row shown");
      const parse = page.evaluate(() => {
        Reflect.get(globalThis, "document").getElementById("painted").innerHTML = "<b>x</b>";
      });
      await expect(parse).rejects.toThrow(/TrustedHTML/);
      expect(requests).toBe(0);
    } finally {
      server.close();
    }
  });
});
