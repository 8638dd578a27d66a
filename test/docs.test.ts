import { expect, test } from "vitest";
import { errorsPage } from "./support/errors-page.ts";

// `npm run docs` writes the pages that are generated; here they are only compared.
test("docs/errors.md lists the codes as the table has them", async () => {
  await expect(errorsPage()).toMatchFileSnapshot("../docs/errors.md");
});
