// Microsoft's Kusto parser and analyser as a judge: NDJSON {id, query} in, NDJSON {id, faults} out.
// The first line is {tables: {name: {column: type}}}; a function without parameters counts as a table.
"use strict";
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean);
const K = global.Kusto.Language;
const S = K.Symbols;
const schema = JSON.parse(lines.shift());

const columns = (types) => Object.entries(types).map(([name, type]) => new S.ColumnSymbol(name, S.ScalarTypes.GetSymbol(type)));
const tables = Object.entries(schema.tables ?? {}).map(([name, types]) => new S.TableSymbol.$ctor4(name, columns(types)));
const database = new S.DatabaseSymbol.$ctor1("logs", tables);
const globals = K.GlobalState.Default.WithDatabase(database);
for (const line of lines) {
  const { id, query } = JSON.parse(line);
  const code = K.KustoCode.ParseAndAnalyze(query, globals);
  const found = code.GetDiagnostics();
  const faults = [];
  for (let i = 0; i < found.Count; i++) faults.push({ severity: found.getItem(i).Severity, message: found.getItem(i).Message, start: found.getItem(i).Start });
  process.stdout.write(JSON.stringify({ id, faults }) + "\n");
}
