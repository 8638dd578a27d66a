// SPDX-License-Identifier: MIT
export { EDIT_STEPS, type EditStep, type EditStepName } from "./commit-steps.ts";
export { type HiveEdit, HiveEditor, type HiveEditorOptions } from "./hive-editor.ts";
export { encodeDword, encodeMultiString, encodeQword, encodeString, VALUE_TYPES } from "./value-encoding.ts";
