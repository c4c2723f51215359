// Preloaded into the API: it tells what DEBUG is whenever a package loads the one that reads it.
import Module from 'node:module';

const { _load: load } = Module;
Module._load = function (name, ...rest) {
  if (name === 'debug') process.stderr.write(`debug was loaded, with DEBUG=${process.env.DEBUG}\n`);
  return load.call(this, name, ...rest);
};
