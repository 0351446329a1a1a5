import prod from '../../../../environments/prod.ts';

export default { ...prod, access: { smtp: [] } };
