// Makes the replica set that compose.yaml describes, and the user of the server in it. For mongosh:
//
//   MEMBERS=mongo1:27017 DATABASE_PASSWORD=… DATABASE_ROOT_PASSWORD=… mongosh --nodb replica-set.js
//
// It may run any number of times: members that are missing are added, none is removed, and the user's password becomes
// what it is told. Its first member must be a member already, or be empty but for the administrator "root".

const setName = 'ricircolo';
const members = process.env.MEMBERS.split(',');
const credentials = 'root:' + encodeURIComponent(process.env.DATABASE_ROOT_PASSWORD);
const patience = 120; // seconds

// Asks until there is an answer, since nodes come and go while a set is made.
function insist(what, ask) {
  let last = 'no';
  for (let second = 0; second < patience; second++) {
    try {
      const answer = ask();
      if (answer) {
        return answer;
      }
    } catch (err) {
      last = err.message;
    }
    sleep(1000);
  }
  throw new Error(what + ': not within ' + patience + ' s: ' + last);
}

// The first member by itself, whether it is in a set or not.
function alone() {
  return connect('mongodb://' + credentials + '@' + members[0] + '/admin?directConnection=true&serverSelectionTimeoutMS=5000');
}

// The member that takes writes.
function primary() {
  return connect('mongodb://' + credentials + '@' + members[0] + '/admin?replicaSet=' + setName + '&serverSelectionTimeoutMS=5000');
}

// A member that lost its data hears of its set from the others within seconds: it must not begin another one.
function initiate(admin) {
  for (let second = 0; second < 6; second++) {
    if (admin.adminCommand({ hello: 1 }).setName) {
      print('the replica set ' + setName + ' is there');
      return;
    }
    sleep(1000);
  }
  admin.adminCommand({ replSetInitiate: { _id: setName, members: [{ _id: 0, host: members[0] }] } });
  print('the replica set ' + setName + ' is made of ' + members[0]);
}

// One at a time: a set takes one more vote with each change.
function add(host) {
  const admin = insist('finding the primary', primary);
  const config = admin.adminCommand({ replSetGetConfig: 1 }).config;
  let next = 0;
  for (const m of config.members) {
    if (m.host === host) {
      print(host + ' is a member');
      return true;
    }
    next = Math.max(next, m._id + 1);
  }
  config.members.push({ _id: next, host: host });
  config.version++;
  admin.adminCommand({ replSetReconfig: config });
  print(host + ' is added');
  return true;
}

// Reads and writes in one database, and nothing else.
function user(admin) {
  const roles = [{ role: 'readWrite', db: 'ricircolo' }];
  const found = admin.runCommand({ usersInfo: 'ricircolo' }).users;
  const command = found.length > 0 ? 'updateUser' : 'createUser';
  admin.runCommand({ [command]: 'ricircolo', pwd: process.env.DATABASE_PASSWORD, roles: roles });
  print('the user ricircolo is there');
}

initiate(insist('reaching ' + members[0], alone));
for (const host of members.slice(1)) {
  insist('adding ' + host, () => add(host));
}
user(insist('finding the primary', primary));
