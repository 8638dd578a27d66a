export { type Cut, cutAtEveryCall, failAtEveryCall, losses } from "./every-call.ts";
export { FaultyDisk, type Loss, PowerCut } from "./faulty-disk.ts";
export { type CutCase, type CutCounts, type CutMoment, proveCuts } from "./prove-cuts.ts";
export { randomOf } from "./random.ts";
