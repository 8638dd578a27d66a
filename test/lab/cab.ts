export { buildCabinetSet, type LabCut, type LabSetOptions, setPartName } from "./cab/cabinet-set.ts";
export { framesOf, type LabBlock, type LabEncoder, mszip, stored } from "./cab/encoders.ts";
export {
  LAB_DATE,
  LAB_TIME,
  type LabCabinet,
  type LabFolder,
  type LabMember,
  type LabNeighbour,
  SIGNATURE_ROOM,
} from "./cab/model.ts";
export { buildCabinet, contentOf } from "./cab/writer.ts";
