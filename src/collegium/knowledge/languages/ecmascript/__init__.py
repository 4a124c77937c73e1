"""What JavaScript and TypeScript share: the rules that read them.

Rooms: `members` (names and modifiers), `functions`, `classes`, `objects` (literals and their hidden
names), `patterns` (destructuring, parameters), `bindings` (declarations and assignments), `calls`,
`conditions` (what tests say of types), `values` (the other expressions), `modules` and `commonjs`
(what files take and give), `jsdoc` (types in comments), `table` (the rules of both languages),
`typed` and `declarations` (TypeScript's own), `manifests` (package.json, tsconfig.json).
"""
