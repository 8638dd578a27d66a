import { hash } from "../signing/index.ts";
import type { LabComponent } from "./components.ts";

/** A package that must be there for this one to apply. */
export interface LabParent {
  readonly name: string;
  readonly version: string;
}

/** What the identities of one package and its components have in common. */
export interface LabIdentity {
  readonly architecture: string;
  readonly version: string;
}

/** A package's manifest as it is to be. */
export interface LabUpdate extends LabIdentity {
  readonly packageName: string;
  readonly kb: string;
  readonly parents: readonly LabParent[];
  readonly components: readonly LabComponent[];
  /** Further attributes of `parent`, such as `buildCompare`. */
  readonly parentAttributes?: Readonly<Record<string, string>>;
}

export const PUBLIC_KEY_TOKEN = "31bf3856ad364e35";

/** Said in every manifest, so that nobody takes a synthetic package for one that does something. */
export const SYNTHETIC = "Synthetic package: its drivers hold no code and it installs nothing.";

/** `update.mum`: what the package is, which packages it needs, and which components it brings. */
export function packageManifest(update: LabUpdate): Uint8Array {
  const { packageName, kb, parents, components } = update;
  const parentAttributes = attributesText({ integrate: "delegate", ...update.parentAttributes });
  const lines = [
    "<?xml version='1.0' encoding='utf-8' standalone='yes'?>",
    `<assembly xmlns="urn:schemas-microsoft-com:asm.v3" copyright="${SYNTHETIC}" description="${SYNTHETIC}" displayName="default" manifestVersion="1.0" supportInformation="https://vmguest.invalid/${kb}">`,
    `  ${identityElement({ ...update, name: packageName }, { versionScope: "nonSxS" })}`,
    `  <package identifier="${kb}" releaseType="Update" restart="required">`,
    `    <parent ${parentAttributes}>`,
    ...parents.map((parent) => `      ${identityElement({ ...update, ...parent })}`),
    "    </parent>",
    ...components.flatMap((component) => updateElement(update, component)),
    ...(components.some(({ requiresDevice }) => requiresDevice)
      ? ['    <packageExtended performDeviceInstallsPriorToReboot="true"/>']
      : []),
    "  </package>",
    "</assembly>",
    "",
  ];
  return Buffer.from(lines.join("\r\n"));
}

/** Manifest of a component: its files, each with its SHA-256. */
export function componentManifest(
  identity: LabIdentity,
  component: LabComponent,
  contents: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const lines = [
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
    `<assembly xmlns="urn:schemas-microsoft-com:asm.v3" manifestVersion="1.0" copyright="${SYNTHETIC}">`,
    `  ${identityElement({ ...identity, name: component.name }, { ...driverType(component), versionScope: "nonSxS" })}`,
    ...(component.dependencies ?? []).flatMap((name) => [
      '  <dependency discoverable="no">',
      '    <dependentAssembly dependencyType="install">',
      `      ${identityElement({ ...identity, name }, { versionScope: "nonSxS" })}`,
      "    </dependentAssembly>",
      "  </dependency>",
    ]),
    ...[...contents].flatMap(([name, bytes]) => [
      `  <file name="${name}" sourceName="${name}" importPath="$(build.nttree)\\vm\\">`,
      '    <asmv2:hash xmlns:asmv2="urn:schemas-microsoft-com:asm.v2">',
      '      <dsig:Transforms xmlns:dsig="http://www.w3.org/2000/09/xmldsig#">',
      '        <dsig:Transform Algorithm="urn:schemas-microsoft-com:HashTransforms.Identity" />',
      "      </dsig:Transforms>",
      '      <dsig:DigestMethod xmlns:dsig="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2000/09/xmldsig#sha256" />',
      `      <dsig:DigestValue xmlns:dsig="http://www.w3.org/2000/09/xmldsig#">${base64(hash("sha256", bytes))}</dsig:DigestValue>`,
      "    </asmv2:hash>",
      "  </file>",
    ]),
    "  <deployment />",
    "</assembly>",
    "",
  ];
  return Buffer.from(lines.join("\r\n"));
}

/** Stem of a component's manifest and folder: `amd64_wvmbus.inf_31bf3856ad364e35_6.3.9600.19456_none_<16 digits>`. */
export function componentStem({ architecture, version }: LabIdentity, name: string): string {
  const lowerCase = name.toLowerCase();
  const identity = Buffer.from(`${architecture} ${lowerCase} ${version}`);
  const digits = Buffer.from(hash("sha256", identity)).toString("hex").slice(0, 16);
  return `${architecture}_${shortened(lowerCase)}_${PUBLIC_KEY_TOKEN}_${version}_none_${digits}`;
}

/** Names above 40 characters lose their middle, as Windows has it. */
function shortened(name: string): string {
  return name.length <= 40 ? name : `${name.slice(0, 19)}..${name.slice(-19)}`;
}

function updateElement(identity: LabIdentity, component: LabComponent): string[] {
  const { name, update, title } = component;
  if (update === undefined) return [];
  const isDriver = isDriverComponent(component);
  const element = identityElement(
    { ...identity, name },
    { ...driverType(component), versionScope: "nonSxS" },
  );
  return [
    `    <update description="Synthetic ${title}" displayName="Synthetic ${title}" name="${update}" restart="required">`,
    ...(isDriver
      ? [
          '      <applicable disposition="detect">',
          '        <updateDriver elevate="install">',
          `          ${element}`,
          "        </updateDriver>",
          "      </applicable>",
          `      <driver inf="${name}" ranking="${component.isForced === true ? "force" : "normal"}">`,
          `        ${element}`,
          ...(component.requiresDevice === true ? [DEVICE_INSTALL] : []),
          "      </driver>",
        ]
      : ["      <component>", `        ${element}`, "      </component>"]),
    "    </update>",
  ];
}

const DEVICE_INSTALL =
  '        <mum2:driverExtended xmlns:mum2="urn:schemas-microsoft-com:asm.v3" deviceInstallRequired="true"/>';

const isDriverComponent = ({ name }: LabComponent) => name.endsWith(".inf");

const driverType = (component: LabComponent) =>
  isDriverComponent(component) ? { type: "driverUpdate" } : {};

function identityElement(
  identity: LabIdentity & { name: string },
  further: Record<string, string> = {},
): string {
  const attributes = {
    buildType: "release",
    language: "neutral",
    name: identity.name,
    processorArchitecture: identity.architecture,
    publicKeyToken: PUBLIC_KEY_TOKEN,
    ...further,
    version: identity.version,
  };
  return `<assemblyIdentity ${attributesText(attributes)}/>`;
}

function attributesText(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}="${value}"`)
    .join(" ");
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
