import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import type { StreamedReport } from "../../../src/audit/index.ts";
import { formatHtml, type HtmlOptions } from "../../../src/report/html/index.ts";
import { ownFolder } from "../../support/own-folder.ts";

let browser: Browser;

/** Starts Debian's Chromium before the tests of the file, and ends it after them. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser.close();
  });
}

/** Writes the report as a page, which is opened as a file, as by who gets it by mail. */
export function savePage(name: string, report: StreamedReport, options?: HtmlOptions): string {
  const file = join(ownFolder(), `${name}.html`);
  writeFileSync(file, [...formatHtml(report, options)].join(""));
  return pathToFileURL(file).href;
}

/** An open page, and everything that should not have happened in it. */
export interface OpenPage {
  readonly page: Page;
  /** Requests for anything but the page itself, errors of scripts, and what the page's policy forbade. */
  readonly incidents: readonly string[];
}

/** Opens a page in a browser profile of its own; it is closed with the browser. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const incidents: string[] = [];
  const [document] = url.split("#");
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== document) incidents.push(`request: ${request.url()}`);
  });
  page.on("pageerror", (error) => incidents.push(`error: ${error.message}`));
  page.on("console", (message) => incidents.push(`console: ${message.text()}`));
  page.on("dialog", (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", (popup) => incidents.push(`popup: ${popup.url()}`));
  await page.goto(url);
  return { page, incidents };
}

/** The first cells of the rows that are shown, in their order: the names of the images. */
export async function shownImages(page: Page): Promise<string[]> {
  return page.locator("#guests > tbody:not([hidden]) > tr:first-child > th").allTextContents();
}

/** A column of the rows that are shown, in their order. */
export async function shownColumn(page: Page, head: string): Promise<string[]> {
  const heads = await page.locator("#guests > thead th").allTextContents();
  const index = heads.indexOf(head);
  if (index < 0) expect.fail(`no column ${head}`);
  const cells = page.locator(`#guests > tbody:not([hidden]) > tr:first-child > :nth-child(${index + 1})`);
  return (await cells.allTextContents()).map((text) => text.trim());
}
