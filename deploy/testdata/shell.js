// A stand-in for the shell of MongoDB, in which the scripts of deploy/mongodb run under Node without a database:
//
//   node shell.js SCRIPT '{"mongos": true, …}'
//
// It knows the few calls that they make, prints each one that changes something, and ends with 1 where they throw.
const fs = require('node:fs');
const vm = require('node:vm');

const world = Object.assign({ mongos: true, sharded: {}, members: [], users: [], silent: 0, conflicts: 0 }, JSON.parse(process.argv[3]));
let config = world.members.length ? { _id: 'ricircolo', version: 1, members: world.members.map((host, i) => ({ _id: i, host })) } : null;

function changed(...what) {
  console.log('> ' + what.map((w) => (typeof w === 'string' ? w : JSON.stringify(w))).join(' '));
}

function collection(database, name) {
  return {
    findOne: (query) => (world.sharded[query._id] ? { _id: query._id, key: world.sharded[query._id] } : null),
    createIndex: (key) => changed('createIndex', database + '.' + name, key),
    countDocuments: () => 2,
  };
}

function run(command) {
  switch (Object.keys(command)[0]) {
    case 'hello':
      return { ok: 1, ...(world.mongos && { msg: 'isdbgrid' }), ...(config && { setName: config._id }) };
    case 'replSetInitiate':
      config = Object.assign({ version: 1 }, command.replSetInitiate);
      return changed(command);
    case 'replSetGetConfig':
      return { config: JSON.parse(JSON.stringify(config)) };
    case 'replSetReconfig':
      if (world.conflicts-- > 0) {
        throw new Error('another change is under way');
      }
      if (command.replSetReconfig.version !== config.version + 1) {
        throw new Error('not the next version');
      }
      config = command.replSetReconfig;
      return changed(command);
    case 'usersInfo':
      return { users: world.users.filter((u) => u === command.usersInfo) };
    case 'createUser':
    case 'updateUser':
      return changed(command);
  }
  throw new Error('no such command: ' + JSON.stringify(command));
}

const database = (name) => ({
  adminCommand: run,
  runCommand: run,
  getSiblingDB: database,
  getCollection: (c) => collection(name, c),
});

vm.runInNewContext(fs.readFileSync(process.argv[2], 'utf8'), {
  process: { env: process.env },
  print: console.log,
  sleep: () => {},
  db: database('test'),
  connect: (uri) => {
    if (world.silent-- > 0) {
      throw new Error('no answer from ' + uri);
    }
    if (!config && uri.includes('replicaSet=')) {
      throw new Error('no such set');
    }
    return database('admin');
  },
  sh: {
    enableSharding: (name) => changed('enableSharding', name),
    shardCollection: (name, key) => {
      changed('shardCollection', name, key);
      world.sharded[name] = key;
    },
  },
});
