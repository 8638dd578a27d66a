// SPDX-License-Identifier: MIT
export declare function changeIdentity(path: string): void;
export declare function guestsIn(folder: string): string[];
export declare function makeLibrary(
  guests: readonly string[],
  count: number,
  folder: string,
  imagesPerDamaged?: number,
): { readonly paths: string[]; readonly damaged: string[] };
