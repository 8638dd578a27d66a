import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], testTimeout: number) => ({
  extends: true as const,
  test: { name, include, testTimeout, hookTimeout: testTimeout },
});

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closing-line.ts"],
    globalSetup: "./test/support/shared-folder.ts",
    pool: "forks",
    // One less is the default, which leaves half of a machine with two cores idle.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{corpus,interop,fuzz}/**"],
          testTimeout: 20_000,
          // Loading the modules anew for every file takes longer than most tests do; these change nothing that stays.
          isolate: false,
        },
      },
      project("corpus", ["test/corpus/**/*.test.ts"], 120_000),
      project("interop", ["test/interop/**/*.test.ts"], 900_000),
      project("fuzz", ["test/fuzz/**/*.test.ts"], 900_000),
    ],
  },
});
