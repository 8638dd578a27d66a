// SPDX-License-Identifier: MIT

/** What file systems take for one component, in bytes (Linux) or UTF-16 units (Windows). */
const COMPONENT_SIZE_MAX = 255;
/** A cabinet has room for 255 bytes; longer paths do not fit into what Windows programs expect (MAX_PATH). */
const NAME_LENGTH_MAX = 255;

/** Names of devices, which Windows finds in every folder and with any extension; the digits may be superscripts. */
const DEVICE = /^(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³])$/i;
const UTF_8 = new TextEncoder();
/** U+0000-U+001F, and U+007F-U+009F, which terminals obey. */
const CONTROL = /\p{Cc}/u;

/**
 * Why the name of a member must not be used as a path below a folder of the host, on Windows or elsewhere; null where
 * it may be. `/` and `\` both separate components.
 */
export function checkMemberName(name: string): string | null {
  if (name === "") return "it is empty";
  if (name.length > NAME_LENGTH_MAX) return `it has more than ${NAME_LENGTH_MAX} characters`;
  if (CONTROL.test(name)) return "it has a control character";
  if (/^[/\\]{2}/.test(name)) return "it is a path of the network or of a device";
  if (/^[/\\]/.test(name)) return "it is an absolute path";
  if (/^[a-z]:/i.test(name)) return "it names a drive";
  if (name.includes(":")) return "it names an alternate data stream";
  if (/["*<>?|]/.test(name)) return "it has a character that Windows does not allow in names";
  for (const component of name.split(/[/\\]/)) {
    const fault = checkComponent(component);
    if (fault !== null) return fault;
  }
  return null;
}

function checkComponent(component: string): string | null {
  if (component === "") return "it has an empty component";
  if (component === "." || component === "..") return `it has a component ${component}`;
  if (/[. ]$/.test(component)) return "it has a component that ends in a dot or a space, which Windows drops";
  const [base = ""] = component.split(".");
  if (DEVICE.test(base.trimEnd())) return `it names the device ${base.trimEnd()}`;
  if (component.length * 3 > COMPONENT_SIZE_MAX && UTF_8.encode(component).length > COMPONENT_SIZE_MAX) {
    return `it has a component of more than ${COMPONENT_SIZE_MAX} bytes`;
  }
  return null;
}
