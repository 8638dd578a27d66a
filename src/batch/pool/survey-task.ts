// SPDX-License-Identifier: MIT
import { ReadBudget, type ReadLimits } from "../../io/index.ts";
import { type ChainSurvey, surveyChain } from "../chain-survey.ts";
import { threadMeter } from "./thread-meter.ts";

/** Images whose chains are to be looked at. */
export interface SurveyTask {
  readonly paths: readonly string[];
  /** Of each image. */
  readonly limits: ReadLimits;
  readonly parentRoots?: readonly string[];
}

/** Looks at the chains of images on the thread that this is called on, one after the other. */
export function performSurvey({ paths, limits, parentRoots }: SurveyTask): ChainSurvey[] {
  return paths.map((path) =>
    surveyChain(path, {
      budget: new ReadBudget(limits, threadMeter()),
      ...(parentRoots !== undefined && { parentRoots }),
    }),
  );
}
