// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";

/** One of the parts that a batch is spread over. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  /** At least 1. */
  readonly count: number;
}

/** What tells a process which of several it is. */
interface ShardVariables {
  readonly system: string;
  readonly index: string;
  /** Left out where the system does not tell. */
  readonly count?: string;
  /** What the first process has in {@link index}. */
  readonly first: 0 | 1;
  /** Has to be set too: others use the same names and count from another number. */
  readonly mark?: string;
}

/** Systems that run a process several times, each with where it says so. */
const SYSTEMS: readonly ShardVariables[] = [
  // kubernetes.io/docs/tasks/job/indexed-parallel-processing-static
  { system: "Kubernetes", index: "JOB_COMPLETION_INDEX", first: 0 },
  // docs.gitlab.com/ci/variables/predefined_variables; a job that is not parallel has no index. The same names count
  // from 0 in devcenter.heroku.com/articles/heroku-ci-parallel-test-runs.
  { system: "GitLab", index: "CI_NODE_INDEX", count: "CI_NODE_TOTAL", first: 1, mark: "GITLAB_CI" },
  // circleci.com/docs/variables
  { system: "CircleCI", index: "CIRCLE_NODE_INDEX", count: "CIRCLE_NODE_TOTAL", first: 0 },
  // buildkite.com/docs/pipelines/environment-variables
  { system: "Buildkite", index: "BUILDKITE_PARALLEL_JOB", count: "BUILDKITE_PARALLEL_JOB_COUNT", first: 0 },
  // learn.microsoft.com/azure/devops/pipelines/test/parallel-testing-any-test-runner; in the environment the names of
  // variables are in upper case, with _ for each dot.
  {
    system: "Azure Pipelines",
    index: "SYSTEM_JOBPOSITIONINPHASE",
    count: "SYSTEM_TOTALJOBSINPHASE",
    first: 1,
  },
  // docs.semaphoreci.com/reference/env-vars
  { system: "Semaphore", index: "SEMAPHORE_JOB_INDEX", count: "SEMAPHORE_JOB_COUNT", first: 1 },
  // docs.aws.amazon.com/batch/latest/userguide/job_env_vars
  { system: "AWS Batch", index: "AWS_BATCH_JOB_ARRAY_INDEX", count: "AWS_BATCH_JOB_ARRAY_SIZE", first: 0 },
  // cloud.google.com/run/docs/container-contract
  { system: "Google Cloud Run", index: "CLOUD_RUN_TASK_INDEX", count: "CLOUD_RUN_TASK_COUNT", first: 0 },
];

/** An Indexed Job of Kubernetes has no more than that; every other system has fewer. */
const SHARD_COUNT_MAX = 100_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The shard that a text names: `2/5` for the second of five, `auto` for what the environment says, `auto/5` where it
 * says which one alone. Throws USAGE where that is no shard, or the environment does not say.
 */
export function parseShard(text: string, env: Environment): Shard {
  const [, which, ofText] = /^(auto|\d{1,6})(?:\/(\d{1,6}))?$/.exec(text) ?? [];
  if (which === undefined || (which !== "auto" && ofText === undefined)) {
    throw new VmguestError(
      "USAGE",
      `a shard is written 2/5, auto or auto/5, not ${JSON.stringify(text.slice(0, 100))}`,
    );
  }
  const count = ofText === undefined ? undefined : Number(ofText);
  if (which === "auto") return shardOfEnvironment(env, count);
  return checkShard({ index: Number(which) - 1, count: Number(ofText) }, `the shard ${text}`);
}

function shardOfEnvironment(env: Environment, askedCount: number | undefined): Shard {
  const system = systemOf(env);
  const index = readVariable(env, system.index) - system.first;
  const count = countOf(system, env, askedCount);
  return checkShard(
    { index, count },
    `the shard that ${system.system} gives in ${system.index} (${env[system.index]})`,
  );
}

/** The one system that says something: where two do, it is not known which of them spreads the batch. */
function systemOf(env: Environment): ShardVariables {
  const [found, another] = SYSTEMS.filter(
    ({ index, mark }) => isSet(env, index) && (mark === undefined || isSet(env, mark)),
  );
  if (found === undefined) {
    const names = SYSTEMS.map(({ index, mark }) => (mark === undefined ? index : `${index} (with ${mark})`));
    const message = `the environment does not say which shard this is: none of ${names.join(", ")} is set`;
    throw new VmguestError("USAGE", message);
  }
  if (another !== undefined) {
    const message = `${found.index} and ${another.index} both say which shard this is: write the one that is meant, as in 2/5`;
    throw new VmguestError("USAGE", message);
  }
  return found;
}

/** What is asked for has to agree with what the system says: otherwise parts would be nobody's, or done twice. */
function countOf(
  { system, count: name, index }: ShardVariables,
  env: Environment,
  asked: number | undefined,
): number {
  const told = name === undefined || !isSet(env, name) ? undefined : readVariable(env, name);
  if (asked !== undefined && told !== undefined && asked !== told) {
    throw new VmguestError("USAGE", `auto/${asked} asks for ${asked} shards, but ${name} is ${told}`);
  }
  const count = asked ?? told;
  if (count !== undefined) return count;
  const message = `${system} says which shard this is in ${index}, but not of how many: write auto/5 for five`;
  throw new VmguestError("USAGE", message);
}

/** A variable counts where it is set and not empty. */
function isSet(env: Environment, name: string): boolean {
  return env[name] !== undefined && env[name] !== "";
}

function readVariable(env: Environment, name: string): number {
  const text = env[name] ?? "";
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new VmguestError(
    "USAGE",
    `${name} is ${JSON.stringify(text.slice(0, 100))}, which is no number of a shard`,
  );
}

function checkShard(shard: Shard, what: string): Shard {
  const { index, count } = shard;
  if (count < 1 || count > SHARD_COUNT_MAX) {
    throw new VmguestError("USAGE", `there may be 1 to ${SHARD_COUNT_MAX} shards, not ${count}`);
  }
  if (index >= 0 && index < count) return shard;
  throw new VmguestError("USAGE", `${what} is not among the ${count} that there are`);
}

/**
 * The positions of the keys that belong to a shard, in ascending order: each key belongs to exactly one of `count`.
 *
 * Which one that is follows from the key alone, so that all machines agree that name their images alike, whatever other
 * images there are. A key is the path or URL as the report has it; `\` counts as `/`.
 */
export async function pickShard(keys: readonly string[], { index, count }: Shard): Promise<number[]> {
  // Most command lines name no shard, so the library waits until there is one.
  const { createHash } = await import("node:crypto");
  const shardIndexOf = (key: string) => {
    const digest = createHash("sha256").update(key.replaceAll("\\", "/"), "utf8").digest("hex");
    return Number.parseInt(digest.slice(0, HASH_DIGITS), 16) % count;
  };
  return keys.flatMap((key, position) => (shardIndexOf(key) === index ? [position] : []));
}

/** Of the hash: 48 bits, which a number holds exactly, and so many more than there are shards that none is preferred. */
const HASH_DIGITS = 12;
