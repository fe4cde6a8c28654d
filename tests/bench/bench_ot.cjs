// Times npm ot-json0 on the cases of test_bench_ot.py: one line of JSON in, microseconds per call out.
'use strict';
const {type} = require(require.resolve('ot-json0', {paths: [process.cwd()]}));
const copy = (value) => JSON.parse(JSON.stringify(value));

const verbs = {
  // In place, as the client does; the document is put back by the inverse, untimed.
  apply: (doc, op) => type.apply(doc, op),
  // On a copy, so that an op that fails half-way leaves nothing behind.
  applyToCopy: (doc, op) => type.apply(copy(doc), op),
  transform: (op, other) => type.transform(op, other, 'left'),
  past: (op, others) => others.reduce((now, other) => type.transform(now, other, 'left'), op),
  replay: (ops) => ops.reduce((doc, op) => type.apply(doc, op), {text: ''}),
};

function time({verb, args, seconds}) {
  const call = verbs[verb];
  const undo = verb === 'apply' ? type.invert(args[1]) : null;
  let calls = 0;
  let spent = 0n;
  while (calls === 0 || spent < BigInt(Math.round(seconds * 1e9))) {
    const start = process.hrtime.bigint();
    call(...args);
    spent += process.hrtime.bigint() - start;
    calls += 1;
    if (undo) type.apply(args[0], undo);
  }
  return Number(spent) / 1e3 / calls;
}

let text = '';
process.stdin.on('data', (chunk) => (text += chunk));
process.stdin.on('end', () => {
  // JSON of a large document shares nothing: every case is parsed anew.
  for (const line of text.trim().split('\n')) {
    process.stdout.write(JSON.stringify(time(JSON.parse(line))) + '\n');
  }
});
