// Spreads the database over the shards of a cluster, lab by lab. For mongosh, connected to a mongos as an administrator:
//
//   mongosh "mongodb://admin@mongos.example/" shard.js
//
// The name of the database is "ricircolo", or what RICIRCOLO_DATABASE says. Run it before the first start of the server,
// or with all servers stopped. It may run any number of times: what is sharded already is left as it is, and a collection
// that is sharded by another key is a fault.
//
// The user of the server must be able to see how the collections are sharded:
//
//   db.getSiblingDB('admin').createUser({user: 'ricircolo', pwd: passwordPrompt(),
//     roles: [{role: 'readWrite', db: 'ricircolo'}, {role: 'read', db: 'config'}]})
//
// The lab is the whole key. All of a lab lies on one shard, which is what keeps every commit a single write to a single
// shard, and ids unique within a lab. Labs spread; one lab does not. The collection meta is one small document, and stays
// where it is.

const databaseName = process.env.RICIRCOLO_DATABASE || 'ricircolo';
const collections = ['labs', 'commits', 'documents', 'keys'];
const key = { lab: 1 };

// What the cluster knows of a collection, or null if it is not sharded.
function known(name) {
  return db.getSiblingDB('config').getCollection('collections').findOne({ _id: name });
}

if (db.adminCommand({ hello: 1 }).msg !== 'isdbgrid') {
  throw new Error('this is not a mongos: connect to the cluster, not to one of its shards, and not to a replica set');
}
sh.enableSharding(databaseName);
for (const collection of collections) {
  const name = databaseName + '.' + collection;
  let state = known(name);
  if (!state || !state.key) {
    // Only an empty collection gets the index by itself.
    db.getSiblingDB(databaseName).getCollection(collection).createIndex(key);
    sh.shardCollection(name, key);
    state = known(name);
  }
  const by = JSON.stringify(state && state.key);
  if (by !== JSON.stringify(key)) {
    throw new Error(name + ' is sharded by ' + by + ', want ' + JSON.stringify(key) + ': this cluster needs reshardCollection, see the manual of MongoDB');
  }
  print(name + ': sharded by ' + by);
}
const shards = db.getSiblingDB('config').getCollection('shards').countDocuments({});
print(databaseName + ': ' + collections.length + ' collections on ' + shards + ' shards');
