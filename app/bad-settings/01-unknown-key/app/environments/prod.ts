import prod from '../../../../environments/prod.ts';

export default { ...prod, storage: { clas: 'local-path' } };
