// Plugin for Haraka: refuses a recipient whose domain does not exist.
const dns = require('node:dns').promises;

exports.hook_rcpt = async function (next, _connection, [recipient]) {
  try {
    await dns.resolveMx(recipient.host);
    next(OK);
  } catch (error) {
    if (error.code === dns.NOTFOUND) next(DENY, 'no such domain');
    else next(DENYSOFT, error.code);
  }
};
