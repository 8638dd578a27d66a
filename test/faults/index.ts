export { type Cut, cutAtEveryCall, failAtEveryCall, losses } from "./every-call.ts";
export { FaultyDisk, type Loss, PowerCut } from "./faulty-disk.ts";
export { randomOf } from "./random.ts";
