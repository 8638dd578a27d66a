// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { OsId } from "../../guest/index.ts";
import {
  decide,
  HOST_IDS,
  type HostId,
  OS_IDS,
  parseHostId,
  parseOsId,
  updateTableRows,
} from "../../policy/index.ts";
import { describeUpdateTable, formatJson, formatUpdateTable } from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { tableWidth, wantsColour } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { TEXT_OR_JSON } from "./common-options.ts";

export const table = defineCommand({
  name: "table",
  describe: "Print Microsoft's update table: how a guest is updated on a host",
  details:
    "Says for each guest on each generation of Hyper-V hosts how its integration services are updated, by the two " +
    "states of Microsoft's page that have tables, and where to look them up.",
  positionals: {},
  options: {
    host: { kind: "text", describe: `Only this host: ${HOST_IDS.join(", ")}` },
    guest: { kind: "text", describe: `Only this guest: ${OS_IDS.join(", ")}` },
    format: TEXT_OR_JSON,
  },
  examples: [
    ["vmguest table --host ws2012r2", "See all guests on Windows Server 2012 R2"],
    ["vmguest table --host ws2016 --guest win7 --format json", "Have one cell of the table for a script"],
  ],
  async run(args, context) {
    const host = args.host === undefined ? undefined : requireId(parseHostId, args.host, "host", HOST_IDS);
    const guest = args.guest === undefined ? undefined : requireId(parseOsId, args.guest, "guest", OS_IDS);
    const rows = updateTableRows({ ...(host && { host }), ...(guest && { guest }) });
    if (rows.length === 0) await context.stderr.write(`vmguest: ${explainAbsence(host, guest)}\n`);
    if (args.format === "json") {
      await context.stdout.write(formatJson(describeUpdateTable(rows)));
      return EXIT.fine;
    }
    const colour = wantsColour(context, context.stdout);
    await context.stdout.write(formatUpdateTable(rows, { colour, width: tableWidth(context) }));
    return EXIT.fine;
  },
});

/** Pairs without a row have a rule all the same, which says why. */
function explainAbsence(host: HostId | undefined, guest: OsId | undefined): string {
  if (host === undefined || guest === undefined) return "the documents have no such row";
  const family = guest === "linux" || guest === "freebsd" ? guest : "windows";
  return decide(host, { id: guest, family, servicePack: null }).note;
}

function requireId<T>(
  parse: (text: string) => T | undefined,
  text: string,
  option: string,
  ids: readonly string[],
): T {
  const id = parse(text);
  if (id !== undefined) return id;
  throw new VmguestError("USAGE", `--${option} takes ${ids.join(", ")}, not "${text}"`);
}
