import { MemorySource } from "../../../src/io/index.ts";
import {
  type SignatureReport,
  type TrustOptions,
  verifyCabinet,
} from "../../../src/package/authenticode/index.ts";
import { buildCertificate, EKU, type Signing, signCabinet, THROW_AWAY } from "../../lab/signing/index.ts";

/** A cabinet with one stored member, `a.txt`. */
export const CABINET = Buffer.from(
  "4d5343460000000051000000000000002c000000000000000301010001000000010000004200000001000000" +
    "07000000000000000000744700602000612e747874006568046c0700070068656c6c6f0d0a",
  "hex",
);

/** Trust in the lab's own root. */
export const LAB_ROOT: TrustOptions = { roots: [THROW_AWAY.root.certificate] };

/** A signature under a certificate that its owner made himself, for everything there is. */
export function signedByAnybody(): Signing {
  const credential = buildCertificate({
    name: "Microsoft Windows",
    key: "stranger",
    purposes: [EKU.codeSigning, EKU.windowsComponent],
  });
  return { credential, bag: [credential.certificate, THROW_AWAY.timestamper.certificate] };
}

/** The report on any bytes as a cabinet. */
export function judge(bytes: Uint8Array, trust: TrustOptions = LAB_ROOT): SignatureReport {
  return verifyCabinet(new MemorySource(bytes), trust);
}

/** The report on a cabinet that is signed like this. */
export function judgeSigned(signing: Signing, trust: TrustOptions = LAB_ROOT): SignatureReport {
  return judge(signCabinet(CABINET, signing), trust);
}
