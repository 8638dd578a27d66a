import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { libraryReport } from "../report/varied-reports.ts";
import { ownFolder } from "../support/own-folder.ts";
import { openPage, savePage, shownImages, useBrowser } from "./html-report/browser.ts";
import { GATE, library, openLibrary } from "./html-report/library.ts";

useBrowser();

describe("the look", () => {
  const background = (page: Page) =>
    page.evaluate(
      () =>
        Reflect.get(globalThis, "getComputedStyle")(Reflect.get(globalThis, "document").documentElement)
          .backgroundColor as string,
    );
  const LIGHT = "rgb(245, 246, 248)";
  const DARK = "rgb(14, 18, 23)";

  test("is dark where the system is, and what the button says where it was pressed", async () => {
    const { page } = await openLibrary("", { colorScheme: "dark" });
    expect(await background(page)).toBe(DARK);
    const button = page.getByRole("button", { name: "Theme" });
    await button.click();
    expect(await button.textContent()).toBe("Theme: light");
    expect(await background(page)).toBe(LIGHT);
    await page.reload();
    expect(await background(page)).toBe(LIGHT);
    await button.click();
    await page.emulateMedia({ colorScheme: "light" });
    expect(await background(page)).toBe(DARK);
    await button.click();
    expect(await button.textContent()).toBe("Theme: as the system");
    expect(await background(page)).toBe(LIGHT);
  });

  test.each([360, 720, 1121, 2560])("fits into %d pixels, with a row open", async (width) => {
    const { page } = await openLibrary("#open=1.4.17", { viewport: { width, height: 800 } });
    const overflow = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = Reflect.get(globalThis, "document").documentElement;
      return scrollWidth - clientWidth;
    });
    expect(overflow).toBe(0);
    expect(
      await page
        .locator("#guests > tbody")
        .first()
        .getByText("Windows", { exact: false })
        .first()
        .isVisible(),
    ).toBe(true);
    expect(await page.getByRole("button", { name: "IC version" }).isVisible()).toBe(true);
  });

  test("gives each cell of a card its name, and no other cell one", async () => {
    const { page } = await openLibrary("#open=1", { viewport: { width: 390, height: 844 } });
    const namesOf = (cells: string) =>
      page
        .locator(cells)
        .evaluateAll((all) =>
          all.map((cell) => Reflect.get(globalThis, "getComputedStyle")(cell, "::before").content as string),
        );
    const heads = await page.locator("#guests > thead th").allTextContents();
    const names = await namesOf("#guests > tbody:nth-of-type(1) > tr:first-child > td");
    expect(names).toEqual(heads.slice(1).map((head) => JSON.stringify(head)));
    const others = await namesOf("#guests > tbody:nth-of-type(1) .detail td");
    expect(others.length).toBeGreaterThan(10);
    expect(new Set(others)).toEqual(new Set(["none"]));
  });

  test("moves nothing for who does not want it", async () => {
    const { page } = await openLibrary("", { reducedMotion: "reduce" });
    const moving = await page.evaluate(() => {
      const { getComputedStyle, document } = globalThis as unknown as {
        getComputedStyle: (element: unknown) => { transitionDuration: string; animationName: string };
        document: { querySelectorAll: (selector: string) => Iterable<unknown> };
      };
      return [...document.querySelectorAll("*")].filter((element) => {
        const { transitionDuration, animationName } = getComputedStyle(element);
        return transitionDuration !== "0s" || animationName !== "none";
      }).length;
    });
    expect(moving).toBe(0);
  });
});

describe("for a screen reader", () => {
  test("the grid of rows is the table that it is in the markup", async () => {
    const { page } = await openPage(savePage("small", libraryReport(20), GATE));
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    const table = nodes.find(({ name }) => `${name?.value}`.startsWith("A row for each guest"));
    expect(table?.role?.value).toBe("table");
    const count = (role: string) => below(nodes, table).filter((node) => node.role?.value === role).length;
    expect(count("columnheader")).toBe(10);
    expect([count("row"), count("rowheader"), count("cell")]).toEqual([21, 20, 180]);
  });
});

interface AxNode {
  readonly nodeId: string;
  readonly childIds?: readonly string[];
  readonly role?: { readonly value?: unknown };
}

function below(nodes: readonly AxNode[], top: AxNode | undefined): AxNode[] {
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const found: AxNode[] = [];
  const left = top === undefined ? [] : [top];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    found.push(node);
    for (const id of node.childIds ?? []) left.push(byId.get(id) ?? expect.fail(id));
  }
  return found;
}

describe("accessibility rules (axe)", () => {
  const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core")), "utf8");

  test.each([
    { look: "light", options: { colorScheme: "light" } },
    { look: "dark", options: { colorScheme: "dark" } },
    { look: "narrow", options: { viewport: { width: 390, height: 844 } } },
    { look: "without scripts", options: {} },
  ] as const)("are kept: $look", async ({ look, options }) => {
    const hash = look === "without scripts" ? "" : "#open=1.4.17";
    const { page } = await openPage(`${savePage("small", libraryReport(20), GATE)}${hash}`, options);
    if (look === "without scripts")
      await page.evaluate(() => Reflect.get(globalThis, "document").documentElement.classList.remove("js"));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => Reflect.get(globalThis, "axe").run());
    const found = violations.map(
      ({ id, nodes }: { id: string; nodes: { html: string; failureSummary: string }[] }) => [
        id,
        nodes.length,
        nodes[0]?.html,
        nodes[0]?.failureSummary,
      ],
    );
    expect(found).toEqual([]);
  });
});

describe("on paper", () => {
  test("the table is whole, with its heads on every page and without controls", async () => {
    const { page } = await openLibrary("#open=1");
    const file = join(ownFolder(), "report.pdf");
    writeFileSync(file, await page.pdf({ preferCSSPageSize: true }));
    const pages = execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" })
      .split("\f")
      .slice(0, -1);
    const text = pages.join("\n");
    const names = library.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
    expect(text).toContain("vmbus.sys: VS_FIXEDFILEINFO");
    expect(text).not.toMatch(/Search|Reset the view|Open all|Theme|More of/);
    const withRows = pages.filter((page) => names.some((name) => page.includes(name)));
    expect(withRows.length).toBeGreaterThan(2);
    expect(withRows.filter((page) => !/Image\s+Role\s+Status/.test(page))).toEqual([]);
  });

  test("only what is shown is printed, and the paper says so", async () => {
    const { page } = await openLibrary("#status=missing");
    const shown = await shownImages(page);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#guests > tbody:visible").count()).toBe(shown.length);
    expect(await page.getByText(`${shown.length} of 60 rows shown`).isVisible()).toBe(true);
  });

  test("a dark page is light, in the colours of the light one", async () => {
    const { page } = await openLibrary("", { colorScheme: "dark" });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const colours = await page.evaluate(() => {
      const { getComputedStyle, document } = globalThis as unknown as {
        getComputedStyle: (element: unknown) => { backgroundColor: string; color: string };
        document: { documentElement: unknown };
      };
      const { backgroundColor, color } = getComputedStyle(document.documentElement);
      return [backgroundColor, color];
    });
    expect(colours).toEqual(["rgb(255, 255, 255)", "rgb(27, 34, 44)"]);
  });
});

describe("without scripts", () => {
  test("the table is whole and opens its rows; nothing is shown that would not work", async () => {
    const { page, incidents } = await openLibrary("", { javaScriptEnabled: false });
    expect(await shownImages(page)).toEqual(library.map(({ path }) => path));
    expect(await page.locator("input:visible, select:visible, button:visible").count()).toBe(0);
    const row = page.locator("#guests > tbody").nth(1);
    expect(await row.locator(".detail").isVisible()).toBe(false);
    await row.locator("summary").click();
    expect(await row.locator(".detail").isVisible()).toBe(true);
    expect(incidents).toEqual([]);
  });
});
