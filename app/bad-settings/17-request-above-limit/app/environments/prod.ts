import prod from '../../../../environments/prod.ts';

export default { ...prod, resources: { mailpit: { requests: { memory: '1Gi' } } } };
