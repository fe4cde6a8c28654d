// Answers for npm ot-json0: one line of JSON in, a batch of calls; one line out, their answers.
// A call is [verb, ...arguments]; an answer is [result], or [] with nothing to show, or "message".
'use strict';
const readline = require('node:readline');
const {type} = require(require.resolve('ot-json0', {paths: [process.cwd()]}));

const copy = (value) => JSON.parse(JSON.stringify(value));

const verbs = {
  transform: (op, other, side) => type.transform(op, other, side),
  compose: (a, b) => type.compose(a, b),
  invert: (op) => type.invert(op),
  normalize: (op) => type.normalize(op),
  apply: (doc, op) => type.apply(doc, op),
};

function answer([verb, ...args]) {
  try {
    return [verbs[verb](...copy(args))];
  } catch (error) {
    return String(error.message);
  }
}

const version = require(require.resolve('ot-json0/package.json', {paths: [process.cwd()]})).version;
process.stdout.write(JSON.stringify(version) + '\n');
readline.createInterface({input: process.stdin}).on('line', (line) => {
  process.stdout.write(JSON.stringify(JSON.parse(line).map(answer)) + '\n');
});
