// PouchDB beside Sprava: node bench.js FOLDER INPUT.json; prints one JSON object.
'use strict';
const fs = require('fs'), net = require('net'), path = require('path');
const { fork } = require('child_process');
const PouchDB = require('pouchdb');

const [, , folder, input] = process.argv;

if (input === 'server') {
  fs.mkdirSync(path.join(folder, 'server'), { recursive: true });
  const app = require('express')();
  const Stored = PouchDB.defaults({ prefix: path.join(folder, 'server') + path.sep });
  app.use('/', require('express-pouchdb')(Stored, { mode: 'minimumForPouchDB', inMemoryConfig: true }));
  const listening = app.listen(0, '127.0.0.1', () => process.send(listening.address().port));
} else {
  main().then((found) => { console.log(JSON.stringify(found)); process.exit(0); },
    (error) => { console.error(error); process.exit(1); });
}

function counting(port) {
  const line = { bytes: 0 };
  const proxy = net.createServer((client) => {
    const server = net.connect(port, '127.0.0.1');
    for (const [from, to] of [[client, server], [server, client]]) {
      from.on('data', (data) => { line.bytes += data.length; to.write(data); });
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    }
  });
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => {
    line.url = `http://127.0.0.1:${proxy.address().port}/cases`;
    resolve(line);
  }));
}

async function main() {
  const { docs, edits } = JSON.parse(fs.readFileSync(input));
  const child = fork(__filename, [folder, 'server']);
  const port = await new Promise((resolve) => child.once('message', resolve));
  process.on('exit', () => child.kill());
  const line = await counting(port);
  const found = {};
  const measured = async (name, work) => {
    const bytes = line.bytes, start = process.hrtime.bigint();
    await work();
    found[name] = { seconds: Number(process.hrtime.bigint() - start) / 1e9, bytes: line.bytes - bytes };
  };
  const options = { batch_size: 1000 };
  const sides = ['a', 'b'].map((name) => new PouchDB(path.join(folder, name)));
  await sides[0].bulkDocs(docs);
  await measured('push', () => sides[0].replicate.to(line.url, options));
  await measured('pull', () => sides[1].replicate.from(line.url, options));
  for (const side of [0, 1]) {
    const rows = await sides[side].allDocs({ include_docs: true });
    const now = new Map(rows.rows.map((row) => [row.id, row.doc]));
    for (const [id, name, value] of edits[side]) now.get(id)[name] = value;
    await sides[side].bulkDocs([...new Set(edits[side].map(([id]) => id))].map((id) => now.get(id)));
  }
  await measured('second_round', async () => {
    for (const side of [0, 1, 0]) await sides[side].sync(line.url, options);
  });
  const last = await sides[0].allDocs({ include_docs: true, conflicts: true });
  const shown = new Map(last.rows.map((row) => [row.id, row.doc]));
  const places = edits.map((side) => new Map(side.map(([id, name, value]) => [`${id} ${name}`, [id, name, value]])));
  found.conflicting_records = last.rows.filter((row) => row.doc._conflicts).length;
  found.collisions = [...places[0].keys()].filter((place) => places[1].has(place)).length;
  found.hidden = 0;
  for (const side of [0, 1]) {
    for (const [place, [id, name, value]] of places[side]) {
      if (!places[1 - side].has(place) && shown.get(id)[name] !== value) found.hidden += 1;
    }
  }
  return found;
}
