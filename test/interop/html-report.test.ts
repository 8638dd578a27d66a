import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { libraryImage, libraryReport } from "../report/varied-reports.ts";
import { openPage, savePage, shownColumn, shownImages, useBrowser } from "./html-report/browser.ts";
import { library, openLibrary, pathsOfStatus, pathsWhere, search } from "./html-report/library.ts";

useBrowser();

describe("with the mouse", () => {
  test("all rows are shown, and the page says how many", async () => {
    const { page, incidents } = await openLibrary();
    expect(await shownImages(page)).toEqual(library.map(({ path }) => path));
    expect(await page.locator("#shown").textContent()).toBe("All 60 rows shown");
    expect(incidents).toEqual([]);
  });

  test("a search finds every word anywhere in a row, in the evidence behind it too", async () => {
    const { page } = await openLibrary();
    await search(page, "dublin WEB");
    expect(await shownImages(page)).toEqual(pathsWhere(({ path }) => /dublin.*web/.test(path)));
    await search(page, "icsvc.dll 6.3.9600.17415");
    const wanted = pathsWhere(({ guests }) =>
      guests.some(({ integrationServices }) => integrationServices.version === "6.3.9600.17415"),
    );
    expect(wanted.length).toBeGreaterThan(1);
    expect(await shownImages(page)).toEqual(wanted);
    expect(await page.locator("#shown").textContent()).toBe(`${wanted.length} of 60 rows shown`);
  });

  test("a search for what is nowhere says so, and the view can be reset", async () => {
    const { page } = await openLibrary();
    await search(page, "no such thing");
    expect(await shownImages(page)).toEqual([]);
    expect(await page.getByText("No row is like that").isVisible()).toBe(true);
    await page.getByRole("button", { name: "Reset the view" }).click();
    await expect.poll(() => shownImages(page)).toHaveLength(60);
    expect(new URL(page.url()).hash).toBe("");
  });

  test("filters take the rows of the chosen statuses, systems and actions", async () => {
    const { page } = await openLibrary();
    const unreadable = pathsWhere(({ error }) => error !== null);
    await page.locator("label.chip", { hasText: "not readable" }).click();
    expect(await shownImages(page)).toEqual(unreadable);
    await page.locator("label.chip", { hasText: "outdated" }).click();
    const outdated = pathsOfStatus("outdated");
    expect(await shownImages(page)).toEqual(
      library.map(({ path }) => path).filter((path) => [...unreadable, ...outdated].includes(path)),
    );
    await page.getByLabel("Guest system").selectOption({ value: "ws2012r2" });
    const both = pathsWhere(({ guests }) =>
      guests.some(({ os, verdict }) => os.id === "ws2012r2" && verdict.status === "outdated"),
    );
    expect(both.length).toBeGreaterThan(0);
    expect(await shownImages(page)).toEqual(both);
    await page.getByLabel("Action").selectOption({ value: "stage-cab" });
    expect(await shownImages(page)).toEqual([]);
  });

  test("the filter of the gate takes the rows that fail it", async () => {
    const { page } = await openLibrary();
    await page.locator("label.chip", { hasText: "fails it" }).click();
    const failing = pathsWhere(
      ({ error, guests }) => error !== null || guests.some(({ verdict }) => verdict.status === "outdated"),
    );
    expect(await shownImages(page)).toEqual(failing);
  });

  test("the rows are ordered by any column, up, down, and as they were", async () => {
    const { page } = await openLibrary();
    const before = await shownImages(page);
    for (const [index, head] of (await page.locator("#guests > thead th").all()).entries()) {
      const button = head.locator("button");
      await button.click();
      expect(await head.getAttribute("aria-sort")).toBe("ascending");
      const up = await keysOf(page, index);
      expect(up).toEqual(up.toSorted(byKey));
      expect(new Set(up).size).toBeGreaterThan(1);
      await button.click();
      expect(await head.getAttribute("aria-sort")).toBe("descending");
      const down = await keysOf(page, index);
      const filled = down.filter((key) => key !== "");
      expect(filled).toEqual(filled.toSorted(byKey).reverse());
      expect(down.slice(0, filled.length)).toEqual(filled);
      await button.click();
      expect(await page.locator("[aria-sort]").count()).toBe(0);
      expect(await shownImages(page)).toEqual(before);
    }
  });

  test("versions are ordered by their numbers", async () => {
    const { page } = await openLibrary("#sort=-ic-version");
    const versions = (await shownColumn(page, "IC version")).map((text) =>
      text.replace("disputed", "").trim(),
    );
    expect(versions.slice(0, 1)).toEqual(["10.0.19041.2673"]);
    expect(versions.indexOf("6.0.6002.18005")).toBeGreaterThan(versions.indexOf("6.3.9600.17415"));
  });

  test("a click on a row opens what is behind it, and another closes it", async () => {
    const { page } = await openLibrary();
    const row = page.locator("#guests > tbody").nth(2);
    const detail = row.locator(".detail");
    expect(await detail.isVisible()).toBe(false);
    await row.locator("td").nth(3).click();
    expect(await detail.isVisible()).toBe(true);
    const { integrationServices, verdict } = library[2]!.guests[0]!;
    const text = (await detail.textContent()) ?? "";
    for (const part of [...verdict.reasons, ...integrationServices.evidence.map(({ where }) => where)]) {
      expect(text).toContain(part);
    }
    await row.getByRole("button").click();
    expect(await detail.isVisible()).toBe(false);
  });

  test("an image that could not be read shows its error and what can be done", async () => {
    const { page } = await openLibrary();
    const row = page.locator("#guests > tbody[data-status=error]").first();
    await row.getByRole("button").click();
    const text = await row.locator(".detail").textContent();
    expect(text).toContain("VHDX_HEADERS_INVALID");
    expect(text).toContain("Copy the image again from its source");
    expect(text).toContain("VHDX header at 0x10000");
  });

  test("all shown rows can be opened and closed at once", async () => {
    const { page } = await openLibrary("#status=missing");
    await page.getByRole("button", { name: "Open all shown" }).click();
    const shown = (await shownImages(page)).length;
    expect(shown).toBe(pathsOfStatus("missing").length);
    expect(await page.locator(".detail:visible").count()).toBe(shown);
    await page.getByRole("button", { name: "Close all" }).click();
    expect(await page.locator(".detail:visible").count()).toBe(0);
  });
});

/** What the column is ordered by, row by row. */
function keysOf(page: Page, column: number): Promise<string[]> {
  const cells = page.locator(`#guests > tbody > tr:first-child > :nth-child(${column + 1})`);
  return cells.evaluateAll((all) =>
    all.map((cell) => cell.getAttribute("data-sort") ?? (cell.textContent ?? "").trim()),
  );
}

/** Numbers by their size, and nothing last. */
function byKey(a: string, b: string): number {
  if (a === "" || b === "") return Number(a === "") - Number(b === "");
  return new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare(a, b);
}

describe("with the keyboard alone", () => {
  test("a view is searched, filtered and ordered, and a row opened and closed", async () => {
    const { page } = await openLibrary();
    const press = (...keys: string[]) =>
      keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
    const focused = () =>
      page.evaluate(() => Reflect.get(globalThis, "document").activeElement.outerHTML as string);
    const tabTo = async (mark: string) => {
      for (let presses = 0; presses < 60; presses++) {
        await press("Tab");
        if ((await focused()).includes(mark)) return;
      }
      expect.fail(`${mark} cannot be reached`);
    };

    await press("Tab");
    expect(await focused()).toContain("Skip to the guests");
    await press("Enter");
    await tabTo('name="q"');
    await page.keyboard.type("production");
    await expect
      .poll(async () => (await shownImages(page)).length)
      .toBe(pathsWhere(({ path }) => path.includes("production")).length);

    await tabTo('name="action"');
    await page.keyboard.type("stage");
    await tabTo('value="outdated"');
    await press("Space");
    const wanted = pathsWhere(
      ({ path, guests }) =>
        path.includes("production") && guests.some(({ verdict }) => verdict.action === "stage-cab"),
    );
    expect(wanted.length).toBeGreaterThan(1);
    await expect.poll(() => shownImages(page)).toEqual(wanted);

    await tabTo("Image</button>");
    await press("Enter", "Enter");
    await expect.poll(() => shownImages(page)).toEqual(wanted.toSorted(byKey).reverse());

    await tabTo('class="opener"');
    await press("Enter");
    expect(await page.locator(".detail:visible").count()).toBe(1);
    expect(await focused()).toContain('aria-expanded="true"');
    await press("Space");
    expect(await page.locator(".detail:visible").count()).toBe(0);
  });

  test("where one is can be seen", async () => {
    const { page } = await openLibrary();
    for (const selector of [".sorter", ".opener", "input[type=search]", "select", "#theme", "#open-all"]) {
      await page.locator(selector).first().focus();
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Tab");
      const outline = await page.evaluate(() => {
        const { getComputedStyle, document } = globalThis as unknown as {
          getComputedStyle: (element: unknown) => { outlineStyle: string; outlineWidth: string };
          document: { activeElement: unknown };
        };
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
        return `${outlineStyle} ${outlineWidth}`;
      });
      expect(`${selector}: ${outline}`).toBe(`${selector}: solid 2px`);
    }
  });
});

describe("the address", () => {
  test("has the view, so that another browser shows the same", async () => {
    const { page } = await openLibrary();
    await search(page, "staging");
    await page.locator("label.chip", { hasText: "current" }).click();
    await page.getByRole("button", { name: "Host name" }).click();
    await page.getByRole("button", { name: "Host name" }).click();
    await page.locator("#guests > tbody:not([hidden]) .opener").first().click();
    expect(new URL(page.url()).hash).toMatch(/^#q=staging&status=current&sort=-host-name&open=\d+$/);
    const shown = await shownImages(page);
    expect(shown.length).toBeGreaterThan(1);

    const { page: other } = await openPage(page.url());
    expect(await shownImages(other)).toEqual(shown);
    expect(await other.locator(".detail:visible").count()).toBe(1);
    expect(await other.locator("input[type=search]").inputValue()).toBe("staging");
    expect(await other.locator("[aria-sort=descending]").textContent()).toBe("Host name");
  });

  test("stays what it is where one skips to the guests", async () => {
    const { page } = await openLibrary("#q=staging&sort=action");
    const shown = await shownImages(page);
    await page.locator(".skip").focus();
    await page.keyboard.press("Enter");
    await expect
      .poll(() => page.evaluate(() => Reflect.get(globalThis, "scrollY") as number))
      .toBeGreaterThan(100);
    await expect.poll(() => new URL(page.url()).hash).toBe("#q=staging&sort=action");
    expect(await shownImages(page)).toEqual(shown);
  });

  test.each(["#q=%", "#sort=nothing&status=x.y&os=z&open=0.999.a", "#%00&&=&q", "#sort=-&gate=<b>"])(
    "is no harm where it says %s",
    async (hash) => {
      const { page, incidents } = await openLibrary(hash);
      expect(await page.locator("#shown").textContent()).toMatch(/ of 60 rows shown|All 60 rows shown/);
      expect(incidents).toEqual([]);
    },
  );
});

describe("2,000 images", () => {
  test("are one page of a few megabytes that is searched, filtered and ordered", async () => {
    const url = savePage("large", libraryReport(2000));
    expect(statSync(fileURLToPath(url)).size).toBeLessThan(15_000_000);
    const { page, incidents } = await openPage(url);
    expect(await page.locator("#shown").textContent()).toBe("All 2000 rows shown");
    await search(page, "web1777");
    expect(await shownImages(page)).toEqual([libraryImage(1776).path]);
    await search(page, "");
    await page.locator(".sorter", { hasText: "Host name" }).click();
    const names = await shownColumn(page, "Host name");
    expect(names).toHaveLength(2000);
    expect(names.slice(0, 2)).toEqual(["APP2", "APP10"]);
    await page.locator("label.chip", { hasText: "missing" }).click();
    const missing = Array.from({ length: 2000 }, (_, index) => libraryImage(index)).filter(({ guests }) =>
      guests.some(({ verdict }) => verdict.status === "missing"),
    );
    expect(await shownImages(page)).toHaveLength(missing.length);
    expect(incidents).toEqual([]);
  });
});
