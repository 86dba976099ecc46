// Makes the replica set and one user for each service, run by mongosh at every `docker compose up`.
// Again on a prepared server it changes nothing, except that passwords and rights become what the files say.
const fs = require("fs");
const { URL } = require("url");

const secret = (name) => fs.readFileSync(`/run/secrets/${name}`, "utf8").trim();
const prefix = process.env.MONGODB_PREFIX;
const SERVICES = ["intake", "routing", "notify"];
// Each service may touch its own database only: what leaks from one process opens no other.
const USERS = { intake: ["intake"], routing: ["routing"], notify: ["notify"], operator: SERVICES };

const password = encodeURIComponent(secret("mongodb_root_password"));
// Directly: before the set exists there is no primary to be found.
const admin = new Mongo(`mongodb://root:${password}@mongodb:27017/?directConnection=true&authSource=admin`).getDB("admin");

if (!admin.runCommand({ hello: 1 }).setName) {
  admin.adminCommand({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: "mongodb:27017" }] } });
  print("replica set rs0 initiated");
}
for (let tries = 0; !admin.runCommand({ hello: 1 }).isWritablePrimary; tries += 1) {
  if (tries === 120) throw new Error("mongodb did not become primary within a minute");
  sleep(500);
}
for (const [name, databases] of Object.entries(USERS)) {
  const url = new URL(secret(`mongodb_url_${name}`));
  const rights = {
    pwd: decodeURIComponent(url.password),
    roles: databases.map((service) => ({ role: "readWrite", db: `${prefix}_${service}` })),
  };
  if (admin.getUser(url.username)) admin.updateUser(url.username, rights);
  else admin.createUser({ user: url.username, ...rights });
  print(`user ${url.username}: readWrite on ${databases.join(", ")}`);
}
