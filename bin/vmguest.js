#!/usr/bin/env node
import module from "node:module";

// Since Node 22: keeps the compiled code for the next run.
module.enableCompileCache?.();
const { main } = await import("../dist/bin/main.js");
process.exitCode = await main(process.argv.slice(2), process);
