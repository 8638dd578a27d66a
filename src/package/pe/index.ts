// SPDX-License-Identifier: MIT
export { type PeFileType, type PeMachine, type PeVersion, readPeVersion } from "./pe-version.ts";
