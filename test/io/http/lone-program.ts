import { VmguestError } from "../../../src/errors.ts";
import { RemoteAccess } from "../../../src/io/http/index.ts";

// A process that does nothing but ask a server for an object.

const access = new RemoteAccess({ retries: { attempts: 2, firstDelayMs: 10 } });
try {
  console.log(await access.identify(process.argv[2] ?? ""));
} catch (error) {
  console.log(error instanceof VmguestError ? error.code : error);
} finally {
  await access.close();
}
