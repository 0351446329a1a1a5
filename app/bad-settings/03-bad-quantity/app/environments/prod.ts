import prod from '../../../../environments/prod.ts';

export default { ...prod, storage: { mailpit: '5 GB' }, resources: { mailpit: { limits: { memory: 512 } } } };
