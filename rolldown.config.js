// SPDX-License-Identifier: MIT
// Joins the command line's modules into few files. Each file costs a start about as much as 20 KiB of code, so what
// every command needs is one file, what an audit needs is another, and checks and yargs stay where they are until asked for.
const CORE =
  /dist\/(errors|codes|codes\/.*|bytes\/.*|io\/(?!commit).*|batch\/.*|report\/(?!package-|signature-words|labelled|plan|stage|rollback).*|cli\/(?!verbs|full-arguments|mistakes).*|cli\/verbs\/common-options)\.js$/;
const LAYERS =
  /dist\/(disk|volume|fs|registry|package\/pe|guest|policy|audit)\/(?!(.*\/)?(check|write|edit)).*\.js$/;
const WRITING = /dist\/(io\/commit|disk\/write|fs\/ntfs\/write|registry\/edit|staging)\/.*\.js$/;
// A thread of its own writes; the one that it is started from does without what only writers need.
const CHANGES = /dist\/(report\/(plan|stage|rollback)|cli\/verbs\/changes\/(?!change-worker)).*\.js$/;
const PACKAGES =
  /dist\/(report\/(package-|signature-words|labelled).*|cli\/verbs\/(package-.*|packages\/(each-package|extraction-plan|host-files|integrity|opened-package|package-path|target-folder|trust-roots)))\.js$/;
const CABINETS = /dist\/(package\/cab\/.*|cli\/verbs\/packages\/cabinet-package)\.js$/;

export default {
  // The second is the program of a thread, which is started by its path.
  input: { main: "dist/cli/main.js", "change-worker": "dist/cli/verbs/changes/change-worker.js" },
  platform: "node",
  external: ["yargs", "yargs/helpers", "tinyglobby", "cfb", "xml2js", "pkijs", "asn1js"],
  output: {
    dir: "dist/bin",
    format: "esm",
    // Without comments and white space there is half as much to scan; names stay, so that a stack trace can be read.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    codeSplitting: {
      groups: [
        { name: "core", test: CORE, priority: 2 },
        { name: "layers", test: LAYERS, priority: 1 },
        { name: "writing", test: WRITING, priority: 1 },
        { name: "changes", test: CHANGES, priority: 1 },
        { name: "packages", test: PACKAGES, priority: 1 },
        { name: "cabinets", test: CABINETS, priority: 1 },
      ],
    },
  },
};
