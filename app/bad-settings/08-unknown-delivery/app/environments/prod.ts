import prod from '../../../../environments/prod.ts';

export default { ...prod, delivery: { kind: 'sendmail' } };
