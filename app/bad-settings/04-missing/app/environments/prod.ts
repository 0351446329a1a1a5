import prod from '../../../../environments/prod.ts';

export default { ...prod, senders: undefined, git: undefined };
