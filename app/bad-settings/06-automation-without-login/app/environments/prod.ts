import prod from '../../../../environments/prod.ts';

export default { ...prod, git: { ...prod.git, secret: 'none' } };
