// Prints what identifies the object at a URL, in a process whose environment says which authorities it trusts.
import { VmguestError } from "../../../src/errors.ts";
import { RemoteAccess } from "../../../src/io/http/index.ts";

const access = new RemoteAccess({ env: process.env });
try {
  console.log(await access.identify(process.argv[2] ?? ""));
} catch (error) {
  if (!(error instanceof VmguestError)) throw error;
  console.log(error.code);
}
await access.close();
