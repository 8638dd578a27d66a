import { defineConfig } from "vitest/config";

const globalSetup = "./test/support/shared-folder.ts";

const project = (name: string, include: string[], testTimeout: number) => ({
  extends: true as const,
  test: { name, include, globalSetup, testTimeout, hookTimeout: testTimeout },
});

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closing-line.ts"],
    pool: "forks",
    // The default is one less, which leaves half of a machine with two cores idle.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{corpus,interop,fuzz}/**"],
          globalSetup,
          testTimeout: 20_000,
          // Loading the modules anew for every file takes longer than most tests do; none of these changes what stays.
          isolate: false,
        },
      },
      project("corpus", ["test/corpus/**/*.test.ts"], 120_000),
      project("interop", ["test/interop/**/*.test.ts"], 900_000),
      project("fuzz", ["test/fuzz/**/*.test.ts"], 900_000),
    ],
  },
});
