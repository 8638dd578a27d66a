import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseShard, pickShard } from "../../src/batch/index.ts";

describe("a shard on the command line", () => {
  test.each([
    ["1/1", { index: 0, count: 1 }],
    ["1/5", { index: 0, count: 5 }],
    ["5/5", { index: 4, count: 5 }],
    ["100000/100000", { index: 99_999, count: 100_000 }],
  ])("%s counts from 1", (text, shard) => {
    expect(parseShard(text, {})).toEqual(shard);
  });

  test.each([
    ["", "written 2/5, auto or auto/5"],
    ["3", "written 2/5, auto or auto/5"],
    ["2/", "written 2/5, auto or auto/5"],
    ["-1/5", "written 2/5, auto or auto/5"],
    ["1.5/5", "written 2/5, auto or auto/5"],
    ["Auto", "written 2/5, auto or auto/5"],
    ["9999999/5", "written 2/5, auto or auto/5"],
    ["0/5", "the shard 0/5 is not among the 5 that there are"],
    ["6/5", "the shard 6/5 is not among the 5 that there are"],
    ["1/0", "there may be 1 to 100000 shards, not 0"],
    ["1/100001", "there may be 1 to 100000 shards, not 100001"],
  ])("%j is wrong usage", (text, message) => {
    expect(() => parseShard(text, {})).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) }),
    );
  });
});

describe("a shard of the environment", () => {
  test.each([
    { system: "GitLab", env: { GITLAB_CI: "true", CI_NODE_INDEX: "3", CI_NODE_TOTAL: "3" } },
    { system: "CircleCI", env: { CIRCLE_NODE_INDEX: "2", CIRCLE_NODE_TOTAL: "3" } },
    { system: "Buildkite", env: { BUILDKITE_PARALLEL_JOB: "2", BUILDKITE_PARALLEL_JOB_COUNT: "3" } },
    {
      system: "Azure Pipelines",
      env: { SYSTEM_JOBPOSITIONINPHASE: "3", SYSTEM_TOTALJOBSINPHASE: "3" },
    },
    { system: "Semaphore", env: { SEMAPHORE_JOB_INDEX: "3", SEMAPHORE_JOB_COUNT: "3" } },
    { system: "AWS Batch", env: { AWS_BATCH_JOB_ARRAY_INDEX: "2", AWS_BATCH_JOB_ARRAY_SIZE: "3" } },
    { system: "Google Cloud Run", env: { CLOUD_RUN_TASK_INDEX: "2", CLOUD_RUN_TASK_COUNT: "3" } },
  ])("is the last of three jobs of $system", ({ env }) => {
    const last = { index: 2, count: 3 };
    expect(parseShard("auto", env)).toEqual(last);
    expect(parseShard("auto/3", env)).toEqual(last);
    expect(() => parseShard("auto/4", env)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringMatching(/^auto\/4 asks .* is 3$/) }),
    );
  });

  test("is one of as many as the command line says where Kubernetes counts it", () => {
    expect(parseShard("auto/8", { JOB_COMPLETION_INDEX: "0" })).toEqual({ index: 0, count: 8 });
    expect(parseShard("auto/8", { JOB_COMPLETION_INDEX: "7" })).toEqual({ index: 7, count: 8 });
  });

  test.each([
    { what: "is not told at all", text: "auto", env: {}, message: "none of JOB_COMPLETION_INDEX, CI_NODE" },
    {
      what: "is told by an empty variable",
      text: "auto/2",
      env: { JOB_COMPLETION_INDEX: "" },
      message: "none of",
    },
    {
      what: "is one of nobody knows how many",
      text: "auto",
      env: { JOB_COMPLETION_INDEX: "1" },
      message:
        "Kubernetes says which shard this is in JOB_COMPLETION_INDEX, but not of how many: write auto/5",
    },
    {
      what: "is counted by a system that may begin at 0 or 1",
      text: "auto",
      env: { CI_NODE_INDEX: "1", CI_NODE_TOTAL: "3" },
      message: "CI_NODE_INDEX (with GITLAB_CI)",
    },
    {
      what: "is told by two systems",
      text: "auto/4",
      env: { JOB_COMPLETION_INDEX: "1", CIRCLE_NODE_INDEX: "0", CIRCLE_NODE_TOTAL: "4" },
      message: "JOB_COMPLETION_INDEX and CIRCLE_NODE_INDEX both say which shard this is",
    },
    {
      what: "is no number",
      text: "auto/2",
      env: { JOB_COMPLETION_INDEX: "one" },
      message: 'JOB_COMPLETION_INDEX is "one", which is no number of a shard',
    },
    {
      what: "has a count that is no number",
      text: "auto",
      env: { CIRCLE_NODE_INDEX: "1", CIRCLE_NODE_TOTAL: "-2" },
      message: 'CIRCLE_NODE_TOTAL is "-2"',
    },
    {
      what: "is past the last one",
      text: "auto/4",
      env: { JOB_COMPLETION_INDEX: "4" },
      message:
        "the shard that Kubernetes gives in JOB_COMPLETION_INDEX (4) is not among the 4 that there are",
    },
    {
      what: "is before the first one",
      text: "auto",
      env: { SEMAPHORE_JOB_INDEX: "0", SEMAPHORE_JOB_COUNT: "4" },
      message: "is not among the 4",
    },
  ])("that $what is wrong usage", ({ text, env, message }) => {
    expect(() => parseShard(text, env)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) }),
    );
  });
});

describe("the images of a shard", () => {
  const paths = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.webUrl()), { maxLength: 40 });
  const counts = fc.integer({ min: 1, max: 12 });

  /** What each of the shards gets. */
  const pickAll = (keys: readonly string[], count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => pickShard(keys, { index, count })));

  test("are each image of the batch, exactly once", async () => {
    await fc.assert(
      fc.asyncProperty(paths, counts, async (keys, count) => {
        const picked = await pickAll(keys, count);
        expect(picked.flat().sort((a, b) => a - b)).toEqual([...keys.keys()]);
        for (const positions of picked) expect(positions).toEqual(positions.toSorted((a, b) => a - b));
      }),
    );
  });

  test("do not depend on what other images there are", async () => {
    await fc.assert(
      fc.asyncProperty(paths, paths, counts, async (keys, others, count) => {
        const shard = { index: 0, count };
        const alone = await pickShard(keys, shard);
        const among = await pickShard([...others, ...keys], shard);
        const shifted = among.map((position) => position - others.length);
        expect(shifted.filter((position) => position >= 0)).toEqual(alone);
      }),
    );
  });

  test("are the same ones on every machine and in every release", async () => {
    const keys = ["/images/web01.vhdx", "/images/web02.vhdx", "fleet/büro.vhdx", "https://host/a.vhdx?sig=1"];
    // sha256sum says so, its first twelve digits modulo three.
    expect(await pickAll(keys, 3)).toEqual([[2, 3], [0], [1]]);
  });

  test("are named with either slash", async () => {
    const shard = { index: 1, count: 7 };
    const windows = Array.from({ length: 50 }, (_, vm) => `D:\\vm\\${vm}.vhdx`);
    const others = windows.map((path) => path.replaceAll("\\", "/"));
    expect(await pickShard(windows, shard)).toEqual(await pickShard(others, shard));
  });

  test("are about as many as those of any other", async () => {
    const keys = Array.from({ length: 3000 }, (_, vm) => `/images/vm-${vm}.vhdx`);
    for (const { length } of await pickAll(keys, 3)) expect(Math.abs(length - 1000)).toBeLessThan(100);
  });
});
