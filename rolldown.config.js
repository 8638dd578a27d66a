// SPDX-License-Identifier: MIT
// Joins the command line's modules into few files. Each file costs a start about as much as 20 KiB of code, so what
// every command needs is one file, what an audit needs is another, and checks and yargs stay where they are until asked for.
const CORE =
  /dist\/(errors|codes|codes\/.*|bytes\/.*|io\/(?!commit|http).*|audit\/(gate|image-outcome|summary|assemble-report)|policy\/(versions|hosts|guests|minimums|json-keys|policy-file)|batch\/(?!cache|chain-survey|pool\/(audit-|image-answer|survey-|thread-meter)).*|report\/(?!package-|signature-words|labelled|plan|stage|rollback|html\/|formats\/|diff).*|cli\/(?!verbs|full-arguments|mistakes).*|cli\/verbs\/common-options)\.js$/;
const LAYERS =
  /dist\/((disk|volume|fs|registry|package\/pe|guest|policy|audit)\/(?!(.*\/)?(check|write|edit|stored)).*|batch\/(chain-survey|pool\/(audit-task|image-answer|survey-task|thread-meter)))\.js$/;
const FORMATS = /dist\/report\/(html\/|formats\/).*\.js$/;
const REMOTE = /dist\/io\/http\/.*\.js$/;
// A group takes along what its files import, so that what others load alone has groups of its own before it.
const CHECKS = /dist\/(disk|volume|fs|registry|audit)\/(.*\/)?check\/.*\.js$/;
const DISCS = /dist\/package\/iso\/.*\.js$/;
const MSI = /dist\/package\/msi\/.*\.js$/;
const CATALOGUE = /dist\/package\/(catalogue|authenticode|mum)\/.*\.js$/;
// A thread of its own writes; the one that it is started from does without what only writers need.
const CHANGES =
  /dist\/(io\/commit\/cancel-flag|report\/(plan|stage|rollback)|cli\/verbs\/changes\/(?!change-worker)).*\.js$/;
const WRITING = /dist\/(io\/commit|disk\/write|fs\/ntfs\/write|registry\/edit|staging)\/.*\.js$/;
const PACKAGES =
  /dist\/(report\/(package-|signature-words|labelled).*|cli\/verbs\/(package-.*|packages\/(each-package|extraction-plan|host-files|integrity|offers|opened-package|package-path|target-folder|trust-roots)))\.js$/;
const CABINETS = /dist\/(package\/cab\/.*|cli\/verbs\/packages\/cabinet-package)\.js$/;

export default {
  // All but the first are programs of threads, which are started by their paths.
  input: {
    main: "dist/cli/main.js",
    "change-worker": "dist/cli/verbs/changes/change-worker.js",
    "audit-worker": "dist/batch/pool/audit-worker.js",
  },
  platform: "node",
  external: [
    "yargs",
    "yargs/helpers",
    "tinyglobby",
    "cfb",
    "xml2js",
    "pkijs",
    "asn1js",
    "tinypool",
    "p-limit",
    "undici",
    "picomatch",
    "csv-stringify/sync",
  ],
  output: {
    dir: "dist/bin",
    format: "esm",
    // Without comments and white space there is half as much to scan; names stay, so that a stack trace can be read.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    codeSplitting: {
      groups: [
        { name: "core", test: CORE, priority: 5 },
        { name: "layers", test: LAYERS, priority: 4 },
        { name: "checks", test: CHECKS, priority: 3 },
        { name: "formats", test: FORMATS, priority: 3 },
        { name: "remote", test: REMOTE, priority: 3 },
        { name: "cabinets", test: CABINETS, priority: 3 },
        { name: "disc-image", test: DISCS, priority: 3 },
        { name: "msi-facts", test: MSI, priority: 3 },
        { name: "catalogue", test: CATALOGUE, priority: 2 },
        { name: "packages", test: PACKAGES, priority: 2 },
        { name: "changes", test: CHANGES, priority: 1 },
        { name: "writing", test: WRITING, priority: 0 },
      ],
    },
  },
};
